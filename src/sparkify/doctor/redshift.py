"""Whether Redshift can be reached, lets us in, and can read from S3."""

from sparkify.config import destinations
from sparkify.config.location import is_on_s3
from sparkify.config.settings import Settings
from sparkify.doctor.findings import Findings
from sparkify.doctor.sources import Listed
from sparkify.errors import UsageError, WarehouseError
from sparkify.printing.wording import plural
from sparkify.warehouse.redshift.copy import MAX_MAXERROR, Copy
from sparkify.warehouse.redshift.engine import RedshiftWarehouse
from sparkify.warehouse.redshift.login import login_options, reach
from sparkify.warehouse.redshift.work import WorkFolder


def examine_redshift(settings: Settings, listed: Listed, findings: Findings) -> None:
    """Look at the address, the login, the rights of the user, and what the role may read."""
    redshift = settings.redshift
    with findings.check("region"):
        options = login_options(redshift, settings.aws)
        destinations.require_good_host(redshift, settings.aws, is_by_iam="iam" in options)
        region = settings.aws.aws_region or options.get("region", "")
        if region:
            findings.ok("region", str(region))
        else:
            findings.warn("region", "none is set, so COPY takes that of the cluster", "set [AWS] REGION")
    if not findings.has_failed("region") and redshift.host:
        with findings.check("address"):
            address = reach(redshift.host, redshift.db_port)
            findings.ok("address", f"{redshift.host}:{redshift.db_port} answers, at {address}")
    if findings.has_failed("region") or findings.has_failed("address"):
        return
    with findings.check("login"):
        # What is tried below fills temporary tables, which may be too much for a READ ONLY transaction.
        warehouse = RedshiftWarehouse(
            redshift,
            settings.aws,
            memory_limit=settings.duckdb.memory_limit,
            read_only=True,
            writes_to="temporary tables",
        )
        try:
            _examine_session(warehouse, settings, listed, findings)
        finally:
            warehouse.close()


def _examine_session(
    warehouse: RedshiftWarehouse, settings: Settings, listed: Listed, findings: Findings
) -> None:
    ((user, version),) = warehouse.query("SELECT CURRENT_USER, VERSION()")
    release = str(version).rpartition(" ")[2]
    findings.ok("login", f"{warehouse.location}: as {user}; Redshift {release}")
    findings.ok("tls", "the connection is encrypted, and the server's certificate was verified")
    with findings.check("warehouse"):
        _examine_tables(warehouse, findings)
    with findings.check("rights"):
        examine_rights(warehouse, str(user), findings)
    if not findings.has_failed("rights"):
        _examine_role(warehouse, settings, listed, findings)


def _examine_tables(warehouse: RedshiftWarehouse, findings: Findings) -> None:
    if holder := warehouse.holder(["writer_lock"]):
        findings.warn(
            "in use", f"{warehouse.location}: in use by {holder}", "wait with: sparkify etl --wait SECONDS"
        )
    if not warehouse.has_tables():
        findings.ok("warehouse", f"{warehouse.location}: without tables; etl creates them")
        return
    ((plays,),) = warehouse.query("SELECT COUNT(*) FROM songplays")  # who may only ask may not read runs
    findings.ok("warehouse", f"{warehouse.location}: holds {plural(int(plays), 'play')}")


def examine_rights(warehouse: RedshiftWarehouse, user: str, findings: Findings) -> None:
    """See whether the user may load: into tables that are there, or else into some of their own.

    Raises:
        WarehouseError: they may neither load nor read.
    """
    ((schema, creates, makes_temporary),) = warehouse.query(
        "SELECT CURRENT_SCHEMA(), HAS_SCHEMA_PRIVILEGE(CURRENT_SCHEMA(), 'CREATE'),"
        " HAS_DATABASE_PRIVILEGE(CURRENT_DATABASE(), 'TEMP')"
    )
    if not makes_temporary:
        raise WarehouseError(
            f"{user} may not create temporary tables, which every load needs",
            f"let an owner run: GRANT TEMP ON DATABASE {warehouse.location.rpartition('/')[2]} TO …",
        )
    if not warehouse.own_tables():
        if not creates:
            raise WarehouseError(
                f"{user} may not create tables in the schema {schema}",
                f"let an owner run: GRANT CREATE ON SCHEMA {schema} TO …",
            )
    elif not warehouse.query("SELECT HAS_TABLE_PRIVILEGE('songplays', 'DELETE')")[0][0]:
        findings.warn(
            "rights",
            f"{user} may read the tables, but not load them",
            "to load, log in as their owner: docs/redshift.md",
        )
        return
    findings.ok("rights", f"{user} may load")


def _examine_role(
    warehouse: RedshiftWarehouse, settings: Settings, listed: Listed, findings: Findings
) -> None:
    """May the role read what COPY reads: the work prefix, and sources that are not bundled?"""
    redshift, aws = settings.redshift, settings.aws
    warehouse.query("CREATE TEMP TABLE doctor_probe (nothing VARCHAR(1))")
    region = aws.s3_region or aws.aws_region
    for source, files in listed.items():
        limit = redshift.bundle_below_mb * 2**20 if redshift.work_prefix else 0
        direct = [file for file in files if file.size and file.size >= limit]
        if not direct:
            continue
        with findings.check(f"role: {source}"):
            file = min(direct, key=lambda each: each.size)
            if not is_on_s3(file.uri):
                raise UsageError(
                    f"{file.uri}: Redshift reads from S3 only",
                    "put the files into a bucket, or set [S3] WORK_PREFIX, through which they are loaded",
                )
            _probe(warehouse, file.uri, region)
            findings.ok(f"role: {source}", f"{file.uri}: COPY can read it")
    if redshift.work_prefix:
        with findings.check("role: work_prefix"), WorkFolder(redshift.work_prefix, aws) as work:
            uri = work.put("probe.json", b'{"nothing": ""}')
            _probe(warehouse, uri, aws.aws_region)
            findings.ok("role: work_prefix", f"{redshift.work_prefix}: can be written, and COPY can read it")


def _probe(warehouse: RedshiftWarehouse, uri: str, region: str) -> None:
    gzip = ["GZIP"] * uri.endswith(".gz")
    copy = Copy("copy_by_name", uri, MAX_MAXERROR, 1, region, options=gzip, table="doctor_probe")
    try:
        warehouse.query(copy.statement(warehouse.role_arn))
    except WarehouseError as error:
        if "Load into table" not in error.message:  # it was read, and its records are no matter here
            raise
