"""The resources of a stack, made, changed and removed by their services' own calls."""

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str], Any]
"""A client for a service, with the rights of whoever asked CloudFormation."""


class Resources:
    """Makes, changes and removes resources by type.

    Args:
        client: for what moto has.
        serverless: does what moto has not.
        tags: of the stack.
    """

    def __init__(
        self, client: Client, serverless: Callable[[str, dict[str, Any]], Any], tags: dict[str, str]
    ) -> None:
        self._client, self._serverless = client, serverless
        self._tags = [{"Key": key, "Value": value} for key, value in tags.items()]

    def create(self, kind: str, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """Make one, and give its attributes; that of "Ref" is its name."""
        return dict(getattr(self, f"_create_{_short(kind)}")(name, wanted))

    def update(self, kind: str, ref: str, before: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Change one."""
        getattr(self, f"_update_{_short(kind)}")(ref, before, wanted)

    def delete(self, kind: str, ref: str) -> None:
        """Remove one, if it is there."""
        try:
            getattr(self, f"_delete_{_short(kind)}")(ref)
        except ClientError as error:
            if not re.search("NotFound|NoSuch", error.response["Error"]["Code"]):
                raise

    def actual(self, kind: str, ref: str, wanted: dict[str, Any]) -> dict[str, Any]:
        """The properties as they are, where others may have changed them by hand; all others as wanted."""
        found: Callable[..., dict[str, Any]] | None = getattr(self, f"_actual_{_short(kind)}", None)
        return {**wanted, **(found(ref, wanted) if found else {})}

    # AWS::IAM::Role

    def _create_role(self, _: str, wanted: dict[str, Any]) -> dict[str, Any]:
        iam = self._client("iam")
        given = {
            key: wanted[key]
            for key in ("Path", "RoleName", "Description", "PermissionsBoundary")
            if key in wanted
        }
        trust = json.dumps(wanted["AssumeRolePolicyDocument"])
        made = iam.create_role(**given, AssumeRolePolicyDocument=trust, Tags=self._tags)["Role"]
        self._put_policies(made["RoleName"], wanted)
        return {"Ref": made["RoleName"], "Arn": made["Arn"]}

    def _put_policies(self, ref: str, wanted: dict[str, Any]) -> None:
        for policy in wanted["Policies"]:
            self._client("iam").put_role_policy(
                RoleName=ref,
                PolicyName=policy["PolicyName"],
                PolicyDocument=json.dumps(policy["PolicyDocument"]),
            )

    def _actual_role(self, ref: str, _: dict[str, Any]) -> dict[str, Any]:
        iam = self._client("iam")
        policies = [
            {
                "PolicyName": name,
                "PolicyDocument": iam.get_role_policy(RoleName=ref, PolicyName=name)["PolicyDocument"],
            }
            for name in iam.list_role_policies(RoleName=ref)["PolicyNames"]
        ]
        role = iam.get_role(RoleName=ref)["Role"]
        return {"Policies": policies, "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"]}

    def _update_role(self, ref: str, before: dict[str, Any], wanted: dict[str, Any]) -> None:
        iam = self._client("iam")
        if before["AssumeRolePolicyDocument"] != wanted["AssumeRolePolicyDocument"]:
            trust = json.dumps(wanted["AssumeRolePolicyDocument"])
            iam.update_assume_role_policy(RoleName=ref, PolicyDocument=trust)
        boundary = wanted.get("PermissionsBoundary")
        if boundary and before.get("PermissionsBoundary") != boundary:
            iam.put_role_permissions_boundary(RoleName=ref, PermissionsBoundary=boundary)
        if before["Policies"] != wanted["Policies"]:
            self._put_policies(ref, wanted)

    def _delete_role(self, ref: str) -> None:
        iam = self._client("iam")
        for policy in iam.list_attached_role_policies(RoleName=ref)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=ref, PolicyArn=policy["PolicyArn"])
        for name in iam.list_role_policies(RoleName=ref)["PolicyNames"]:
            iam.delete_role_policy(RoleName=ref, PolicyName=name)
        iam.delete_role(RoleName=ref)

    # AWS::EC2::SecurityGroup

    def _create_security_group(self, _: str, wanted: dict[str, Any]) -> dict[str, Any]:
        ec2 = self._client("ec2")
        made = ec2.create_security_group(
            GroupName=wanted["GroupName"],
            Description=wanted["GroupDescription"],
            VpcId=wanted["VpcId"],
            TagSpecifications=[{"ResourceType": "security-group", "Tags": self._tags}],
        )["GroupId"]
        ec2.authorize_security_group_ingress(GroupId=made, IpPermissions=_rules(wanted))
        return {"Ref": made, "GroupId": made}

    def _actual_security_group(self, ref: str, _: dict[str, Any]) -> dict[str, Any]:
        (group,) = self._client("ec2").describe_security_groups(GroupIds=[ref])["SecurityGroups"]
        rules = [
            {
                "IpProtocol": rule["IpProtocol"],
                "FromPort": str(rule["FromPort"]),
                "ToPort": str(rule["ToPort"]),
                "CidrIp": source["CidrIp"],
                "Description": source.get("Description", ""),
            }
            for rule in group["IpPermissions"]
            for source in rule["IpRanges"]
        ]
        return {"SecurityGroupIngress": rules}

    def _update_security_group(self, ref: str, _: dict[str, Any], wanted: dict[str, Any]) -> None:
        ec2 = self._client("ec2")
        (group,) = ec2.describe_security_groups(GroupIds=[ref])["SecurityGroups"]
        keys = ("IpProtocol", "FromPort", "ToPort", "IpRanges")
        old = [{key: rule[key] for key in keys} for rule in group["IpPermissions"]]
        if old:
            ec2.revoke_security_group_ingress(GroupId=ref, IpPermissions=old)
        ec2.authorize_security_group_ingress(GroupId=ref, IpPermissions=_rules(wanted))

    def _delete_security_group(self, ref: str) -> None:
        self._client("ec2").delete_security_group(GroupId=ref)

    # AWS::S3::Bucket and its policy

    def _create_bucket(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        s3 = self._client("s3")
        bucket = name.lower()
        place = {"LocationConstraint": "us-west-2"}
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
        encryption = {
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
                for rule in wanted["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            ]
        }
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encryption)
        s3.put_public_access_block(
            Bucket=bucket, PublicAccessBlockConfiguration=wanted["PublicAccessBlockConfiguration"]
        )
        s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=wanted["OwnershipControls"])
        rules = [
            {
                "ID": "temporary",
                "Filter": {"Prefix": ""},
                "Status": rule["Status"],
                "Expiration": {"Days": rule["ExpirationInDays"]},
                "AbortIncompleteMultipartUpload": rule["AbortIncompleteMultipartUpload"],
            }
            for rule in wanted["LifecycleConfiguration"]["Rules"]
        ]
        s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": rules})
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": self._tags})
        return {"Ref": bucket, "Arn": f"arn:aws:s3:::{bucket}"}

    def _update_bucket(self, ref: str, _: dict[str, Any], wanted: dict[str, Any]) -> None:
        raise AssertionError(f"nothing changes {ref} to {wanted}")

    def _delete_bucket(self, ref: str) -> None:
        self._client("s3").delete_bucket(Bucket=ref)

    def _create_bucket_policy(self, _: str, wanted: dict[str, Any]) -> dict[str, Any]:
        # moto would refuse everything: it doesn't know the conditions of such policies.
        return {"Ref": wanted["Bucket"]}

    def _delete_bucket_policy(self, ref: str) -> None:
        pass

    # AWS::Redshift

    def _create_cluster_subnet_group(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        self._client("redshift").create_cluster_subnet_group(
            ClusterSubnetGroupName=name.lower(), **wanted, Tags=self._tags
        )
        return {"Ref": name.lower()}

    def _delete_cluster_subnet_group(self, ref: str) -> None:
        self._client("redshift").delete_cluster_subnet_group(ClusterSubnetGroupName=ref)

    def _create_cluster_parameter_group(self, name: str, wanted: dict[str, Any]) -> dict[str, Any]:
        # moto has no parameters of them.
        given = {key: value for key, value in wanted.items() if key != "Parameters"}
        self._client("redshift").create_cluster_parameter_group(
            ParameterGroupName=name.lower(), **given, Tags=self._tags
        )
        return {"Ref": name.lower()}

    def _delete_cluster_parameter_group(self, ref: str) -> None:
        self._client("redshift").delete_cluster_parameter_group(ParameterGroupName=ref)

    def _create_cluster(self, _: str, wanted: dict[str, Any]) -> dict[str, Any]:
        redshift = self._client("redshift")
        given = {key: value for key, value in wanted.items() if key != "LoggingProperties"}
        given |= {key: int(given[key]) for key in ("Port", "NumberOfNodes") if key in given}
        given["PubliclyAccessible"] = given["PubliclyAccessible"] == "true"
        made = redshift.create_cluster(**given, Tags=self._tags)["Cluster"]
        name = made["ClusterIdentifier"]
        redshift.enable_logging(ClusterIdentifier=name, **wanted["LoggingProperties"])
        (there,) = redshift.describe_clusters(ClusterIdentifier=name)["Clusters"]
        return {"Ref": name, "Endpoint.Address": there["Endpoint"]["Address"]}

    def _actual_cluster(self, ref: str, _: dict[str, Any]) -> dict[str, Any]:
        (there,) = self._client("redshift").describe_clusters(ClusterIdentifier=ref)["Clusters"]
        return {
            "IamRoles": [role["IamRoleArn"] for role in there["IamRoles"]],
            "NodeType": there["NodeType"],
            "NumberOfNodes": str(there["NumberOfNodes"]),
        }

    def _update_cluster(self, ref: str, before: dict[str, Any], wanted: dict[str, Any]) -> None:
        changed = {key for key in wanted if before.get(key) != wanted[key]}
        assert changed <= {"IamRoles"}, changed
        self._client("redshift").modify_cluster_iam_roles(
            ClusterIdentifier=ref,
            AddIamRoles=[arn for arn in wanted["IamRoles"] if arn not in before["IamRoles"]],
            RemoveIamRoles=[arn for arn in before["IamRoles"] if arn not in wanted["IamRoles"]],
        )

    def _delete_cluster(self, ref: str) -> None:
        self._client("redshift").delete_cluster(ClusterIdentifier=ref, SkipFinalClusterSnapshot=True)

    # AWS::RedshiftServerless

    def _create_namespace(self, _: str, wanted: dict[str, Any]) -> dict[str, Any]:
        self._serverless("CreateNamespace", {**_lower(wanted), "tags": self._lower_tags()})
        return {"Ref": wanted["NamespaceName"]}

    def _update_namespace(self, ref: str, _: dict[str, Any], wanted: dict[str, Any]) -> None:
        given = {key: wanted[key] for key in ("IamRoles", "DefaultIamRoleArn")}
        self._serverless("UpdateNamespace", {"namespaceName": ref, **_lower(given)})

    def _delete_namespace(self, ref: str) -> None:
        self._serverless("DeleteNamespace", {"namespaceName": ref})

    def _create_workgroup(self, _: str, wanted: dict[str, Any]) -> dict[str, Any]:
        given = {**_lower(wanted), "tags": self._lower_tags()}
        given |= {key: int(given[key]) for key in ("baseCapacity", "port")}
        given["publiclyAccessible"] = given["publiclyAccessible"] == "true"
        given["configParameters"] = [_lower(one) for one in given["configParameters"]]
        made = self._serverless("CreateWorkgroup", given)["workgroup"]
        return {"Ref": made["workgroupName"], "Workgroup.Endpoint.Address": made["endpoint"]["address"]}

    def _update_workgroup(self, ref: str, _: dict[str, Any], wanted: dict[str, Any]) -> None:
        given = {key: wanted[key] for key in ("SecurityGroupIds", "SubnetIds")}
        self._serverless("UpdateWorkgroup", {"workgroupName": ref, **_lower(given)})

    def _delete_workgroup(self, ref: str) -> None:
        self._serverless("DeleteWorkgroup", {"workgroupName": ref})

    def _lower_tags(self) -> list[dict[str, str]]:
        return [_lower(tag) for tag in self._tags]


def _lower(given: dict[str, Any]) -> dict[str, Any]:
    return {key[0].lower() + key[1:]: value for key, value in given.items()}


def _rules(wanted: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "IpProtocol": rule["IpProtocol"],
            "FromPort": int(rule["FromPort"]),
            "ToPort": int(rule["ToPort"]),
            "IpRanges": [{"CidrIp": rule["CidrIp"], "Description": rule["Description"]}],
        }
        for rule in wanted["SecurityGroupIngress"]
    ]


def _short(kind: str) -> str:
    """AWS::EC2::SecurityGroup is security_group."""
    name = kind.rpartition("::")[2]
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
