"""From a request to ads: candidates, exploration, price, money and the record."""
