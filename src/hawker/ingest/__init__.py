"""A shop's raw files become tables and events: read, checked, cleaned; what does not fit is set aside.

`catalogue` reads product feeds, `behaviour` reads what shoppers did, `check` lists what is wrong.
"""

from hawker.ingest.behaviour import BehaviourResult, behaviour
from hawker.ingest.catalogue import CatalogueResult, catalogue
from hawker.ingest.check import CheckResult, check

__all__ = ["BehaviourResult", "CatalogueResult", "CheckResult", "behaviour", "catalogue", "check"]
