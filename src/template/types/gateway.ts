/** Go types of `sigs.k8s.io/gateway-api/apis/v1` that an HTTPRoute can reach, as of 1.6. The notation is that of `gotypes.ts`. */
export const GATEWAY = `
strings CORSOrigin CookieLifetimeType Duration GatewayDefaultScope Group HTTPHeaderName HTTPMethod
  HTTPMethodWithWildcard HTTPPathModifierType HTTPRouteExternalAuthProtocol HTTPRouteFilterType HeaderMatchType
  Hostname Kind Namespace ObjectName PathMatchType PreciseHostname QueryParamMatchType SectionName
  SessionPersistenceType
ints HTTPRouteRetryStatusCode
HTTPRouteSpec: +CommonRouteSpec; Hostnames []Hostname; Rules []HTTPRouteRule
CommonRouteSpec: ParentRefs []ParentReference; UseDefaultGateways GatewayDefaultScope
ParentReference: Group *Group; Kind *Kind; Namespace *Namespace; Name ObjectName; SectionName *SectionName;
  Port *int32
HTTPRouteRule: Name *SectionName; Matches []HTTPRouteMatch; Filters []HTTPRouteFilter; BackendRefs []HTTPBackendRef;
  Timeouts *HTTPRouteTimeouts; Retry *HTTPRouteRetry; SessionPersistence *SessionPersistence
HTTPRouteMatch: Path *HTTPPathMatch; Headers []HTTPHeaderMatch; QueryParams []HTTPQueryParamMatch; Method *HTTPMethod
HTTPPathMatch: Type *PathMatchType; Value *string
HTTPHeaderMatch: Type *HeaderMatchType; Name HTTPHeaderName; Value string
HTTPQueryParamMatch: Type *QueryParamMatchType; Name HTTPHeaderName; Value string
HTTPRouteFilter: Type HTTPRouteFilterType; RequestHeaderModifier *HTTPHeaderFilter;
  ResponseHeaderModifier *HTTPHeaderFilter; RequestMirror *HTTPRequestMirrorFilter;
  RequestRedirect *HTTPRequestRedirectFilter; URLRewrite *HTTPURLRewriteFilter; CORS *HTTPCORSFilter;
  ExternalAuth *HTTPExternalAuthFilter; ExtensionRef *LocalObjectReference
HTTPHeaderFilter: Set []HTTPHeader; Add []HTTPHeader; Remove []string
HTTPHeader: Name HTTPHeaderName; Value string
HTTPRequestMirrorFilter: BackendRef BackendObjectReference; Percent *int32; Fraction *Fraction
BackendObjectReference: Group *Group; Kind *Kind; Name ObjectName; Namespace *Namespace; Port *int32
Fraction: Numerator int32; Denominator *int32
HTTPRequestRedirectFilter: Scheme *string; Hostname *PreciseHostname; Path *HTTPPathModifier; Port *int32;
  StatusCode *int
HTTPPathModifier: Type HTTPPathModifierType; ReplaceFullPath *string; ReplacePrefixMatch *string
HTTPURLRewriteFilter: Hostname *PreciseHostname; Path *HTTPPathModifier
HTTPCORSFilter: AllowOrigins []CORSOrigin; AllowCredentials *bool; AllowMethods []HTTPMethodWithWildcard;
  AllowHeaders []HTTPHeaderName; ExposeHeaders []HTTPHeaderName; MaxAge int32
HTTPExternalAuthFilter: ExternalAuthProtocol=protocol HTTPRouteExternalAuthProtocol;
  BackendRef BackendObjectReference; GRPCAuthConfig=grpc *GRPCAuthConfig; HTTPAuthConfig=http *HTTPAuthConfig;
  ForwardBody *ForwardBodyConfig
GRPCAuthConfig: AllowedRequestHeaders=allowedHeaders []string
HTTPAuthConfig: Path string; AllowedRequestHeaders=allowedHeaders []string; AllowedResponseHeaders []string
ForwardBodyConfig: MaxSize uint16
LocalObjectReference: Group Group; Kind Kind; Name ObjectName
HTTPBackendRef: +BackendRef; Filters []HTTPRouteFilter
BackendRef: +BackendObjectReference; Weight *int32
HTTPRouteTimeouts: Request *Duration; BackendRequest *Duration
HTTPRouteRetry: Codes []HTTPRouteRetryStatusCode; Attempts *int; Backoff *Duration
SessionPersistence: SessionName *string; AbsoluteTimeout *Duration; Type *SessionPersistenceType;
  CookieConfig *CookieConfig
CookieConfig: LifetimeType *CookieLifetimeType
`;
