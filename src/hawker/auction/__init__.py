"""What an impression is worth and who pays what for it: pure functions over arrays."""

from hawker.auction.bidder import Bidding, bidding, bids, start
from hawker.auction.mechanism import Cleared, clear
from hawker.auction.value import least_prices, per_thousand, rates, values

__all__ = [
    "Bidding",
    "Cleared",
    "bidding",
    "bids",
    "clear",
    "least_prices",
    "per_thousand",
    "rates",
    "start",
    "values",
]
