import os

from sqlmesh.core.config import Config, DuckDBConnectionConfig, GatewayConfig, ModelDefaultsConfig

OUT = os.environ["OUT"]

config = Config(
    gateways=GatewayConfig(
        connection=DuckDBConnectionConfig(
            catalogs={"warehouse": f"{OUT}/warehouse.duckdb"},
            connector_config={"preserve_insertion_order": False},
            concurrent_tasks=2,
        ),
        state_connection=DuckDBConnectionConfig(database=f"{OUT}/state.duckdb", concurrent_tasks=2),
    ),
    model_defaults=ModelDefaultsConfig(dialect="duckdb", start="2018-01-01"),
    variables={"data": os.environ["DATA"]},
    cache_dir=f"{OUT}/cache",
    disable_anonymized_analytics=True,
)
