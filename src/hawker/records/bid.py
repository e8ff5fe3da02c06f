"""Why an ad was not shown: losing is a value with a reason, never an exception."""

from __future__ import annotations

from enum import StrEnum


class NoBidReason(StrEnum):
    """Counted in every decision record, first failing test wins, in this order."""

    CAMPAIGN_PAUSED = "campaign_paused"
    OUT_OF_SCHEDULE = "out_of_schedule"
    PRICING = "no_model_for_pricing"
    RESERVE_REFUSED = "reserve_refused"
    OUT_OF_BUDGET = "out_of_budget"
    PLACEMENT = "placement_not_targeted"
    DAYPART = "daypart_not_targeted"
    DEVICE = "device_not_targeted"
    LOCATION = "location_not_targeted"
    CATEGORY = "category_not_targeted"
    PRODUCT = "product_not_targeted"
    KEYWORD = "keyword_not_matched"
    AUDIENCE = "audience_not_targeted"
    VISITOR = "visitor_not_targeted"
    RETARGETING = "not_retargeted"
    FREQUENCY = "frequency_capped"
    PREFERENCE = "refused_by_shopper"
    BLOCKED = "blocked_by_request"
    OUT_OF_STOCK = "out_of_stock"
    CREATIVE = "no_approved_creative"
    ORGANIC = "already_on_page"
    NOT_RETRIEVED = "not_among_candidates"
    BELOW_FLOOR = "below_floor"
    NOT_DRAWN = "guaranteed_not_drawn"
    OUTRANKED = "outranked"
    ADVERTISER_LIMIT = "advertiser_limit"
    COMPETITOR = "competitor_on_page"


class FallbackReason(StrEnum):
    """Why a request was answered without a paid ad."""

    NO_ADS_ALLOWED = "no_ads_allowed"
    FEWER_ADS = "fewer_ads_wanted"
    NO_CAMPAIGNS = "no_campaigns"
    NOTHING_ELIGIBLE = "nothing_eligible"
    NOTHING_CLEARED = "nothing_cleared_the_floor"
    RESERVE_REFUSED = "reserve_refused"
