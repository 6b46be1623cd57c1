"""The texts that the generated template is made of: realistic documents, in Jinja.

`@name@`, `@upper@`, `@number@`, `@digest@` and `@kind@` are replaced when the template is written; the rest is rendered
per site. A shared text reads what layers say; only FACTS, FACT and SITE_EXTRAS read what a site alone says.
"""

CONFIG = """\
_min_copier_version: "9.0.0"
_subdirectory: template
_templates_suffix: .jinja
_envops:
  trim_blocks: true
  lstrip_blocks: true
_exclude:
  - "{% if distribution == 'microshift' %}platform/router{% endif %}"

site:
  type: str
  validator: "{% if not site or site | length > 53 %}a site name has 1 to 53 characters{% endif %}"
fleet: {type: str}
region: {type: str, choices: [eu, us, apac]}
country: {type: str, validator: "{% if country | length != 2 %}two letters{% endif %}"}
ring: {type: str, choices: [canary, early, broad]}
distribution: {type: str, choices: [talos, k3s, rke2, microshift]}
kubernetes: {type: str, choices: ["1.35", "1.36"]}
topology:
  type: str
  choices:
    One node: single-node
    Three nodes: ha
replicas:
  type: int
  default: "{{ 3 if topology == 'ha' else 1 }}"
  validator: "{% if replicas < 1 or replicas > 5 %}between 1 and 5{% endif %}"
node_cidr:
  type: str
  validator: >-
    {% set parts = node_cidr.split('/') %}
    {% if parts | length != 2 or not parts[1].isdigit() %}an IPv4 network such as 10.20.30.0/24{% endif %}
node_ips:
  type: yaml
  validator: >-
    {% if node_ips is string or node_ips is not sequence or not node_ips %}a list with at least one address{% endif %}
    {% for ip in node_ips if ip.split('.') | length != 4 %}{{ ip }} is not an IPv4 address{% endfor %}
api_endpoint: {type: str, default: "{{ node_ips[0] }}"}
pod_cidr: {type: str, default: 10.244.0.0/16}
service_cidr:
  type: str
  default: 10.96.0.0/16
  validator: "{% if service_cidr == pod_cidr %}services and pods need different networks{% endif %}"
lb_pool: {type: yaml, default: []}
ingress_host:
  type: str
  validator: "{% if '.' not in ingress_host or ' ' in ingress_host %}a host name with a domain{% endif %}"
ingress_aliases: {type: yaml, default: []}
analyzers: {type: yaml, default: []}
capacity: {type: str, default: medium, choices: [small, medium, large]}
cilium:
  type: yaml
  default: {mtu: 1500, encryption: none}
  validator: "{% if cilium.mtu < 1280 or cilium.mtu > 9000 %}mtu is between 1280 and 9000{% endif %}"
mirror:
  type: str
  validator: "{% if not mirror.endswith('.labs.example') %}a host under labs.example{% endif %}"
vault: {type: yaml}
remote_write_url:
  type: str
  validator: "{% if not remote_write_url.startswith('https://') %}an https address{% endif %}"
dns_servers: {type: yaml}
ntp_servers: {type: yaml}
timezone: {type: str, default: Etc/UTC}
language: {type: str, default: en}
retention_days: {type: int, default: 1825}
storage_class: {type: str}
flux_interval: {type: str, default: 30m}
log_level: {type: str, default: warn, choices: [debug, info, warn, error]}
scrape_interval: {type: str, default: 60s, choices: ["15s", "30s", "60s"]}
maintenance_window: {type: str, default: "01:00-04:00"}
"""

LABELS = """\
{% macro labels(name) %}
app.kubernetes.io/name: {{ name }}
app.kubernetes.io/part-of: edge-site
app.kubernetes.io/managed-by: fleetpress
{%- endmacro %}
"""

ACCOUNT = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: @name@
  namespace: edge
  labels:
    {{ labels('@name@') | indent(4) }}
"""

WORKLOAD = """\
apiVersion: apps/v1
kind: @kind@
metadata:
  name: @name@
  namespace: edge
  labels:
    {{ labels('@name@') | indent(4) }}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: @name@
  template:
    metadata:
      labels:
        app.kubernetes.io/name: @name@
    spec:
      serviceAccountName: @name@
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        seccompProfile:
          type: RuntimeDefault
      containers:
        - name: @name@
          image: {{ mirror }}/platform/@name@:1.@number@.3@sha256:@digest@
          args:
            - --log-level={{ log_level }}
          ports:
            - {name: http, containerPort: 8080}
            - {name: metrics, containerPort: 9090}
          readinessProbe:
            httpGet: {path: /ready, port: http}
            periodSeconds: 10
          livenessProbe:
            httpGet: {path: /live, port: http}
            periodSeconds: 30
          resources:
            requests: {cpu: 50m, memory: 128Mi}
            limits: {memory: 256Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          env:
            - name: TZ
              value: UTC
"""
SETTING = """\
            - name: @upper@_SETTING_%02d
              value: "%s"
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: @name@
  namespace: edge
  labels:
    {{ labels('@name@') | indent(4) }}
spec:
  selector:
    app.kubernetes.io/name: @name@
  ports:
    - {name: http, port: 80, targetPort: http}
    - {name: metrics, port: 9090, targetPort: metrics}
"""

# Each reads what one layer says, so that files differ by region, country, distribution or ring, and not by site.
EXTRAS = (
    """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: @name@
  namespace: edge
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: @name@
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        - ipBlock:
            cidr: {{ pod_cidr }}
  egress:
    - to:
        - ipBlock:
            cidr: {{ service_cidr }}
""",
    """\
apiVersion: monitoring.coreos.com/v1
kind: ServiceMonitor
metadata:
  name: @name@
  namespace: edge
spec:
  selector:
    matchLabels:
      app.kubernetes.io/name: @name@
  endpoints:
    - port: metrics
      interval: {{ scrape_interval }}
""",
    """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: @name@
  namespace: edge
data:
  timezone: {{ timezone }}
  language: "{{ language }}"
  retention-days: "{{ retention_days }}"
{% for server in ntp_servers %}
  ntp-{{ loop.index }}: {{ server }}
{% endfor %}
""",
    """\
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: @name@
  namespace: edge
spec:
  accessModes: [ReadWriteOnce]
  storageClassName: {{ storage_class }}
  resources:
    requests:
      storage: 8Gi
""",
    """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: @name@
  namespace: edge
spec:
  refreshInterval: 1h
  secretStoreRef:
    kind: ClusterSecretStore
    name: vault-{{ region }}
  target:
    name: @name@
    creationPolicy: Owner
  dataFrom:
    - extract:
        key: {{ vault.mount }}/@name@
""",
    """\
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: @name@
  namespace: edge
spec:
  maxUnavailable: {{ 1 if ring == 'canary' else 0 }}
  selector:
    matchLabels:
      app.kubernetes.io/name: @name@
""",
)

FACTS = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: @name@-site
  namespace: edge
  labels:
    {{ labels('@name@') | indent(4) }}
data:
  site: {{ site }}
  fleet: {{ fleet }}
  node-cidr: {{ node_cidr }}
  api-endpoint: {{ api_endpoint }}
  nodes: "{{ node_ips | join(',') }}"
  replicas: "{{ replicas }}"
"""
FACT = """\
  @name@.setting-%02d: "{{ site }}/%s"
"""

SITE_EXTRAS = (
    """\
apiVersion: v1
kind: Service
metadata:
  name: @name@-analyzers
  namespace: edge
spec:
  type: LoadBalancer
  selector:
    app.kubernetes.io/name: @name@
  ports:
{% for analyzer in analyzers %}
    - name: {{ analyzer.name }}
      port: {{ analyzer.port }}
      protocol: TCP
{% endfor %}
""",
    """\
apiVersion: cert-manager.io/v1
kind: Certificate
metadata:
  name: @name@
  namespace: edge
spec:
  secretName: @name@-tls
  dnsNames:
    - {{ ingress_host }}
{% for alias in ingress_aliases %}
    - {{ alias }}
{% endfor %}
  issuerRef:
    kind: ClusterIssuer
    name: vault
""",
    """\
apiVersion: metallb.io/v1beta1
kind: IPAddressPool
metadata:
  name: @name@
  namespace: metallb-system
spec:
  addresses:
{% for range in lb_pool %}
    - {{ range }}
{% endfor %}
""",
    """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: @name@
  namespace: edge
spec:
  rules:
    - host: {{ ingress_host }}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: @name@
                port: {name: http}
""",
    """\
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata:
  name: @name@-site
  namespace: edge
spec:
  refreshInterval: 1h
  secretStoreRef:
    kind: ClusterSecretStore
    name: vault-site
  dataFrom:
    - extract:
        key: sites/{{ site }}/@name@
""",
)
