"""What a cluster costs per hour: list prices, to be shown before anything is created.

The prices are those of us-east-1 in 2026, on demand. AWS's page has the others, and the last word.
"""

from sparkify.cluster.plan import Plan

PAGE = "https://aws.amazon.com/redshift/pricing/"

USD_PER_NODE_HOUR = {
    "ra3.large": 0.543,
    "ra3.xlplus": 1.086,
    "ra3.4xlarge": 3.26,
    "rg.xlarge": 0.76,
}

USD_PER_RPU_HOUR = 0.375

_BASIS = f"list price of us-east-1 in 2026; others: {PAGE}"


def usd_per_hour(node_type: str, nodes: int) -> float | None:
    """What nodes cost per hour, or None where the price is not known."""
    price = USD_PER_NODE_HOUR.get(node_type)
    return None if price is None else round(price * nodes, 3)


def serverless_usd_per_hour(base_rpu: int) -> float:
    """What a Serverless workgroup costs per hour in which it runs queries at its base capacity."""
    return round(USD_PER_RPU_HOUR * base_rpu, 3)


def describe(plan: Plan) -> str:
    """One sentence on what a planned cluster costs."""
    if plan.serverless:
        price = serverless_usd_per_hour(plan.base_rpu)
        return (
            f"about ${price:.2f} per hour while queries run, at the base capacity, and storage ({_BASIS}); "
            "more where it scales up"
        )
    hourly = usd_per_hour(plan.node_type, plan.nodes)
    if hourly is None:
        return f"the price of {plan.node_type} is not known here: see {PAGE}"
    return f"about ${hourly:.2f} per hour, until it is paused or deleted, and storage ({_BASIS})"
