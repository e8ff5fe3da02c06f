"""OpenRTB 2.6: an exchange asks for bids, the shop's own auction answers, the clearing price is charged."""

from hawker.server.openrtb.bidding import ENDPOINTS, hot

__all__ = ["ENDPOINTS", "hot"]
