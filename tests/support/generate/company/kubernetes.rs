//! Manifests: the namespace of a product, and what each of its services consists of.

use super::Template;

/// What all services of a product share: two files.
pub(super) const NAMESPACE: &[Template] = &[
    Template {
        path: "deploy/@product@/namespace.yaml",
        text: r#"apiVersion: v1
kind: Namespace
metadata:
  name: @product@
  labels:
    pod-security.kubernetes.io/enforce: restricted
---
apiVersion: v1
kind: ResourceQuota
metadata:
  name: all
  namespace: @product@
spec:
  hard:
    requests.cpu: "20"
    requests.memory: 40Gi
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: default-deny
  namespace: @product@
spec:
  podSelector: {}
  policyTypes:
    - Ingress
    - Egress
"#,
        slips: &[("  labels:\n    pod-security.kubernetes.io/enforce: restricted\n", "")],
    },
    Template {
        path: "deploy/@product@/rbac.yaml",
        text: r#"apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: deployer
  namespace: @product@
rules:
  - apiGroups: ["apps"]
    resources: ["deployments"]
    verbs: ["get", "list", "watch", "patch"]
  - apiGroups: [""]
    resources: ["configmaps"]
    verbs: ["get", "list"]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: deployer
  namespace: @product@
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: deployer
subjects:
  - kind: ServiceAccount
    name: deployer
    namespace: @product@
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: deployer
  namespace: @product@
automountServiceAccountToken: false
"#,
        slips: &[("verbs: [\"get\", \"list\", \"watch\", \"patch\"]", "verbs: [\"*\"]")],
    },
];

/// One service: five files.
pub(super) const SERVICE: &[Template] = &[
    Template {
        path: "deploy/@product@/@service@/deployment.yaml",
        text: r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: @service@
  namespace: @product@
  labels:
    app.kubernetes.io/name: @service@
    app.kubernetes.io/part-of: @product@
spec:
  revisionHistoryLimit: 3
  selector:
    matchLabels:
      app.kubernetes.io/name: @service@
  template:
    metadata:
      labels:
        app.kubernetes.io/name: @service@
    spec:
      serviceAccountName: @service@
      automountServiceAccountToken: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: @service@
      containers:
        - name: @service@
          image: registry.acme.example/@product@/@service@:1.14.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
          args: ["--port", "8080"]
          ports:
            - name: http
              containerPort: 8080
          envFrom:
            - configMapRef:
                name: @service@
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: ["ALL"]
          readinessProbe:
            httpGet:
              path: /ready
              port: http
          livenessProbe:
            httpGet:
              path: /alive
              port: http
          resources:
            requests:
              cpu: 100m
              memory: 128Mi
            limits:
              cpu: "1"
              memory: 256Mi
          volumeMounts:
            - name: scratch
              mountPath: /tmp
      volumes:
        - name: scratch
          emptyDir: {}
"#,
        slips: &[
            ("            allowPrivilegeEscalation: false\n", "            privileged: true\n"),
            ("            readOnlyRootFilesystem: true\n", ""),
            ("  revisionHistoryLimit: 3\n", "  replicas: 3\n"),
            ("        runAsNonRoot: true\n        runAsUser: 10001\n        runAsGroup: 10001\n", ""),
            (":1.14.2@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ":latest"),
            ("              memory: 256Mi\n", "              ephemeral-storage: 1Gi\n"),
            ("            capabilities:\n              drop: [\"ALL\"]\n", ""),
        ],
    },
    Template {
        path: "deploy/@product@/@service@/service.yaml",
        text: r#"apiVersion: v1
kind: Service
metadata:
  name: @service@
  namespace: @product@
spec:
  type: ClusterIP
  selector:
    app.kubernetes.io/name: @service@
  ports:
    - name: http
      port: 80
      targetPort: http
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: @service@
  namespace: @product@
automountServiceAccountToken: false
"#,
        slips: &[("type: ClusterIP", "type: NodePort")],
    },
    Template {
        path: "deploy/@product@/@service@/policy.yaml",
        text: r#"apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: @service@
  namespace: @product@
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: @service@
  policyTypes:
    - Ingress
    - Egress
  ingress:
    - from:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: ingress
      ports:
        - port: 8080
  egress:
    - to:
        - namespaceSelector:
            matchLabels:
              kubernetes.io/metadata.name: kube-system
      ports:
        - port: 53
          protocol: UDP
"#,
        slips: &[(
            "        - namespaceSelector:\n            matchLabels:\n              kubernetes.io/metadata.name: ingress\n",
            "        - ipBlock:\n            cidr: 0.0.0.0/0\n",
        )],
    },
    Template {
        path: "deploy/@product@/@service@/ingress.yaml",
        text: r#"apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: @service@
  namespace: @product@
  annotations:
    cert-manager.io/cluster-issuer: letsencrypt
spec:
  ingressClassName: nginx
  tls:
    - hosts: ["@service@.@product@.acme.example"]
      secretName: @service@-tls
  rules:
    - host: @service@.@product@.acme.example
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: @service@
                port:
                  name: http
"#,
        slips: &[("  tls:\n    - hosts: [\"@service@.@product@.acme.example\"]\n      secretName: @service@-tls\n", "")],
    },
    Template {
        path: "deploy/@product@/@service@/scaling.yaml",
        text: r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: @service@
  namespace: @product@
data:
  LOG_LEVEL: info
  PORT: "8080"
  DATABASE_HOST: @product@.cluster.internal
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: @service@
  namespace: @product@
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: @service@
  minReplicas: 3
  maxReplicas: 12
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: @service@
  namespace: @product@
spec:
  minAvailable: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: @service@
"#,
        slips: &[("  LOG_LEVEL: info\n", "  LOG_LEVEL: info\n  API_PASSWORD: correct-horse-battery\n")],
    },
];
