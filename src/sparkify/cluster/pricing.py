"""What a cluster costs per hour: list prices of us-east-1 in 2026; AWS's page has the last word."""

PAGE = "https://aws.amazon.com/redshift/pricing/"

USD_PER_NODE_HOUR = {
    "ra3.large": 0.543,
    "ra3.xlplus": 1.086,
    "ra3.4xlarge": 3.26,
    "rg.xlarge": 0.76,
}

USD_PER_RPU_HOUR = 0.375

_BASIS = f"list price of us-east-1 in 2026; others: {PAGE}"

BILLED = "while queries run or a transaction is open, at least a minute each time"
"""When Serverless costs money."""


def usd_per_hour(node_type: str, nodes: int) -> float | None:
    """What nodes cost per hour, or None where the price is not known."""
    price = USD_PER_NODE_HOUR.get(node_type)
    return None if price is None else round(price * nodes, 3)


def describe_nodes(node_type: str, nodes: int) -> str:
    """One phrase on what nodes cost."""
    hourly = usd_per_hour(node_type, nodes)
    if hourly is None:
        return f"the price of {node_type} is not known here: see {PAGE}"
    return f"about ${hourly:.2f} per hour, until it is paused or deleted, and storage ({_BASIS})"


def describe_serverless(base_rpu: int) -> str:
    """One phrase on what a Serverless workgroup costs."""
    price = USD_PER_RPU_HOUR * base_rpu
    return (
        f"about ${price:.2f} per hour {BILLED}, at the base capacity, and storage ({_BASIS}); "
        "more where it scales up"
    )
