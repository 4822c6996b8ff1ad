"""Loads with Spark, writes Parquet.

Usage: python run.py DATA OUT
"""

import os
import sys
from pathlib import Path

from pyspark.sql import SparkSession

data, out = map(Path, sys.argv[1:])
EVENTS = (
    "artist STRING, auth STRING, firstName STRING, gender STRING, itemInSession INT, lastName STRING, length DOUBLE,"
    " level STRING, location STRING, method STRING, page STRING, registration DOUBLE, sessionId BIGINT, song STRING,"
    " status INT, ts BIGINT, userAgent STRING, userId STRING"
)
SONGS = (
    "num_songs INT, artist_id STRING, artist_latitude DOUBLE, artist_longitude DOUBLE, artist_location STRING,"
    " artist_name STRING, song_id STRING, title STRING, duration DOUBLE, year INT"
)
cores = os.cpu_count() or 2
spark = (
    SparkSession.builder.master("local[*]")
    .config("spark.driver.memory", "4g")
    .config("spark.ui.enabled", "false")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.shuffle.partitions", 2 * cores)
    .config("spark.driver.host", "127.0.0.1")
    .config("spark.driver.bindAddress", "127.0.0.1")
    .config("spark.local.dir", str(out / "spark"))
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")

# Spark takes milliseconds to open a file, so thousands of tiny ones are joined before.
songs = out / "songs.json"
songs.write_bytes(b"\n".join(path.read_bytes() for path in (data / "song_data").rglob("*.json")))
events = spark.read.schema(EVENTS).option("recursiveFileLookup", "true").json(str(data / "log_data"))
events.cache().createOrReplaceTempView("staging_events")
spark.read.schema(SONGS).json(str(songs)).cache().createOrReplaceTempView("staging_songs")
for path in sorted((Path(__file__).parent / "star").glob("*.sql")):
    table = path.stem.split("_", 1)[1]
    frame = spark.sql(path.read_text())
    if table == "songplays":
        frame = frame.cache()
        frame.createOrReplaceTempView(table)
    frame.write.mode("overwrite").parquet(str(out / "tables" / f"{table}.parquet"))
spark.stop()
