"""What is known to cost nothing, and why. What is neither here nor in a rule has no price, and is told as such."""

from __future__ import annotations

SETTINGS = "a setting, which costs nothing"
ACCESS = "who may do what costs nothing"
NETWORK = "part of the network, which costs nothing by itself"
TUNNELS = "a VPN gateway costs nothing; its tunnels and addresses do"
BALANCER = "part of a load balancer, which is charged by its forwarding rules"
ELSEWHERE = "makes nothing in the cloud"
INSIDE = "its bytes are charged with its bucket"

# By the package, or the package and module, that a type begins with.
PREFIXES = {
    "pulumi:": ELSEWHERE,
    "random:": ELSEWHERE,
    "tls:": ELSEWHERE,
    "time:": ELSEWHERE,
    "null:": ELSEWHERE,
    "command:": ELSEWHERE,
    "gcp:serviceaccount/": ACCESS,
    "gcp:organizations/": SETTINGS,
    "gcp:folder/": SETTINGS,
    "gcp:projects/": SETTINGS,
    "gcp:billing/": SETTINGS,
    "gcp:iap/": ACCESS,
    "gcp:iam/": ACCESS,
    "gcp:oslogin/": ACCESS,
    "gcp:orgpolicy/": SETTINGS,
    "gcp:essentialcontacts/": SETTINGS,
    "gcp:tags/": SETTINGS,
    "gcp:accesscontextmanager/": ACCESS,
    "gcp:cloudidentity/": ACCESS,
    "gcp:servicenetworking/": NETWORK,
}
TYPES = {
    **dict.fromkeys((
        "network:Network", "subnetwork:Subnetwork", "firewall:Firewall", "route:Route", "router:Router",
        "networkPeering:NetworkPeering", "networkPeeringRoutesConfig:NetworkPeeringRoutesConfig",
        "sharedVPCHostProject:SharedVPCHostProject", "sharedVPCServiceProject:SharedVPCServiceProject",
        "networkAttachment:NetworkAttachment", "networkFirewallPolicy:NetworkFirewallPolicy",
        "networkFirewallPolicyAssociation:NetworkFirewallPolicyAssociation",
        "regionNetworkFirewallPolicy:RegionNetworkFirewallPolicy",
        "regionNetworkFirewallPolicyAssociation:RegionNetworkFirewallPolicyAssociation",
        "routerInterface:RouterInterface", "routerPeer:RouterPeer", "routerNatAddress:RouterNatAddress",
        "routerRoutePolicy:RouterRoutePolicy",
    ), NETWORK),
    **dict.fromkeys((
        "vPNGateway:VPNGateway", "haVpnGateway:HaVpnGateway", "externalVpnGateway:ExternalVpnGateway",
    ), TUNNELS),
    **dict.fromkeys((
        "healthCheck:HealthCheck", "regionHealthCheck:RegionHealthCheck", "httpHealthCheck:HttpHealthCheck",
        "httpsHealthCheck:HttpsHealthCheck", "backendService:BackendService",
        "regionBackendService:RegionBackendService",
        "backendBucket:BackendBucket", "targetPool:TargetPool", "targetInstance:TargetInstance", "uRLMap:URLMap",
        "regionUrlMap:RegionUrlMap", "targetHttpProxy:TargetHttpProxy", "targetHttpsProxy:TargetHttpsProxy",
        "regionTargetHttpProxy:RegionTargetHttpProxy", "regionTargetHttpsProxy:RegionTargetHttpsProxy",
        "targetTCPProxy:TargetTCPProxy", "targetSSLProxy:TargetSSLProxy", "regionTargetTcpProxy:RegionTargetTcpProxy",
        "sSLCertificate:SSLCertificate", "regionSslCertificate:RegionSslCertificate", "sSLPolicy:SSLPolicy",
        "managedSslCertificate:ManagedSslCertificate", "mangedSslCertificate:MangedSslCertificate",
        "regionSslPolicy:RegionSslPolicy", "targetGrpcProxy:TargetGrpcProxy", "regionBackendBucket:RegionBackendBucket",
        "instanceGroup:InstanceGroup", "instanceGroupNamedPort:InstanceGroupNamedPort",
        "networkEndpointGroup:NetworkEndpointGroup", "networkEndpoint:NetworkEndpoint",
        "networkEndpointList:NetworkEndpointList", "regionNetworkEndpointGroup:RegionNetworkEndpointGroup",
        "regionNetworkEndpoint:RegionNetworkEndpoint", "globalNetworkEndpointGroup:GlobalNetworkEndpointGroup",
        "globalNetworkEndpoint:GlobalNetworkEndpoint", "backendBucketSignedUrlKey:BackendBucketSignedUrlKey",
        "backendServiceSignedUrlKey:BackendServiceSignedUrlKey",
    ), BALANCER),
    **dict.fromkeys((
        "resourcePolicy:ResourcePolicy", "resourcePolicyAttachment:ResourcePolicyAttachment",
        "attachedDisk:AttachedDisk", "instanceSettings:InstanceSettings", "snapshotSettings:SnapshotSettings",
        "projectMetadata:ProjectMetadata", "projectMetadataItem:ProjectMetadataItem", "autoscaler:Autoscaler",
        "regionAutoscaler:RegionAutoscaler", "perInstanceConfig:PerInstanceConfig",
        "projectDefaultNetworkTier:ProjectDefaultNetworkTier",
        "regionPerInstanceConfig:RegionPerInstanceConfig", "instanceGroupMembership:InstanceGroupMembership",
    ), SETTINGS),
}  # fmt: skip
OTHER_TYPES = {
    "gcp:dns/recordSet:RecordSet": "records cost nothing; their zone and its queries do",
    "gcp:storage/bucketObject:BucketObject": INSIDE,
    "gcp:storage/bucketACL:BucketACL": ACCESS,
    "gcp:storage/bucketAccessControl:BucketAccessControl": ACCESS,
    "gcp:storage/defaultObjectACL:DefaultObjectACL": ACCESS,
    "gcp:storage/defaultObjectAccessControl:DefaultObjectAccessControl": ACCESS,
    "gcp:storage/objectAccessControl:ObjectAccessControl": ACCESS,
    "gcp:storage/objectACL:ObjectACL": ACCESS,
    "gcp:storage/hmacKey:HmacKey": ACCESS,
    "gcp:storage/managedFolder:ManagedFolder": INSIDE,
    "gcp:storage/folder:Folder": INSIDE,
    "gcp:storage/notification:Notification": SETTINGS,
    "gcp:monitoring/notificationChannel:NotificationChannel": SETTINGS,
    "gcp:monitoring/dashboard:Dashboard": SETTINGS,
    "gcp:monitoring/group:Group": SETTINGS,
    "gcp:monitoring/monitoredProject:MonitoredProject": SETTINGS,
    "gcp:logging/projectSink:ProjectSink": SETTINGS,
    "gcp:logging/projectExclusion:ProjectExclusion": SETTINGS,
    "gcp:logging/logView:LogView": SETTINGS,
    "gcp:kms/keyRing:KeyRing": "a key ring costs nothing; its keys do",
}
# Of every service of Google Cloud.
ACCESS_ENDINGS = (
    "IAMMember", "IAMBinding", "IAMPolicy", "IAMAuditConfig", "IamMember", "IamBinding", "IamPolicy", "IamAuditConfig",
)  # fmt: skip


def why_free(kind: str) -> str:
    """Why a type of resource is free; "" where that is not known."""
    if kind.startswith("gcp:compute/"):
        found = TYPES.get(kind.removeprefix("gcp:compute/"), "")
    else:
        found = OTHER_TYPES.get(kind, "")
    if found:
        return found
    if kind.startswith("gcp:") and kind.endswith(ACCESS_ENDINGS):
        return ACCESS
    return next((why for prefix, why in PREFIXES.items() if kind.startswith(prefix)), "")
