// Judges objects as the Kubernetes API server does when they are created with strict field validation.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sort"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	crdinstall "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	schemaobjectmeta "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/objectmeta"
	structuralpruning "k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	crvalidation "k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresourcedefinition"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	jsonserializer "k8s.io/apimachinery/pkg/runtime/serializer/json"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/apiserver/pkg/warning"
	"k8s.io/kube-aggregator/pkg/apis/apiregistration"
	aggregatorinstall "k8s.io/kube-aggregator/pkg/apis/apiregistration/install"
	"k8s.io/kube-aggregator/pkg/registry/apiservice"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	core "k8s.io/kubernetes/pkg/apis/core"
	"k8s.io/kubernetes/pkg/capabilities"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/mutatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicy"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingadmissionpolicybinding"
	"k8s.io/kubernetes/pkg/registry/admissionregistration/validatingwebhookconfiguration"
	"k8s.io/kubernetes/pkg/registry/apps/controllerrevision"
	"k8s.io/kubernetes/pkg/registry/apps/daemonset"
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/replicaset"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/certificates/certificates"
	"k8s.io/kubernetes/pkg/registry/coordination/lease"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/endpoint"
	"k8s.io/kubernetes/pkg/registry/core/event"
	"k8s.io/kubernetes/pkg/registry/core/limitrange"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/node"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolume"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/pod"
	"k8s.io/kubernetes/pkg/registry/core/podtemplate"
	"k8s.io/kubernetes/pkg/registry/core/replicationcontroller"
	"k8s.io/kubernetes/pkg/registry/core/resourcequota"
	"k8s.io/kubernetes/pkg/registry/core/secret"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/discovery/endpointslice"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/flowschema"
	"k8s.io/kubernetes/pkg/registry/flowcontrol/prioritylevelconfiguration"
	"k8s.io/kubernetes/pkg/registry/networking/ingress"
	"k8s.io/kubernetes/pkg/registry/networking/ingressclass"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/node/runtimeclass"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrole"
	"k8s.io/kubernetes/pkg/registry/rbac/clusterrolebinding"
	"k8s.io/kubernetes/pkg/registry/rbac/role"
	"k8s.io/kubernetes/pkg/registry/rbac/rolebinding"
	"k8s.io/kubernetes/pkg/registry/scheduling/priorityclass"
	"k8s.io/kubernetes/pkg/registry/storage/csidriver"
	"k8s.io/kubernetes/pkg/registry/storage/storageclass"

	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	_ "k8s.io/kubernetes/pkg/apis/storagemigration/install"

	"sigs.k8s.io/yaml"
)

// The minor whose code this is.
const current = 37

var scheme = legacyscheme.Scheme

var strategies = map[schema.GroupKind]rest.RESTCreateStrategy{}

func init() {
	capabilities.Setup(true, 0)
	crdinstall.Install(scheme)
	aggregatorinstall.Install(scheme)
	add := func(group string, kinds map[string]rest.RESTCreateStrategy) {
		for kind, strategy := range kinds {
			strategies[schema.GroupKind{Group: group, Kind: kind}] = strategy
		}
	}
	add("", map[string]rest.RESTCreateStrategy{
		"ConfigMap": configmap.Strategy, "Endpoints": endpoint.Strategy, "Event": event.Strategy,
		"LimitRange": limitrange.Strategy, "Namespace": namespace.Strategy, "Node": node.Strategy,
		"PersistentVolume": persistentvolume.Strategy, "PersistentVolumeClaim": persistentvolumeclaim.Strategy,
		"Pod": pod.Strategy, "PodTemplate": podtemplate.Strategy,
		"ReplicationController": replicationcontroller.Strategy, "ResourceQuota": resourcequota.Strategy,
		"Secret": secret.Strategy, "Service": service.Strategy, "ServiceAccount": serviceaccount.Strategy,
	})
	add("apps", map[string]rest.RESTCreateStrategy{
		"ControllerRevision": controllerrevision.Strategy, "DaemonSet": daemonset.Strategy,
		"Deployment": deployment.Strategy, "ReplicaSet": replicaset.Strategy, "StatefulSet": statefulset.Strategy,
	})
	add("batch", map[string]rest.RESTCreateStrategy{"CronJob": cronjob.Strategy, "Job": job.Strategy})
	add("autoscaling", map[string]rest.RESTCreateStrategy{"HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy})
	add("policy", map[string]rest.RESTCreateStrategy{"PodDisruptionBudget": poddisruptionbudget.Strategy})
	add("networking.k8s.io", map[string]rest.RESTCreateStrategy{
		"Ingress": ingress.Strategy, "IngressClass": ingressclass.Strategy, "NetworkPolicy": networkpolicy.Strategy,
	})
	add("rbac.authorization.k8s.io", map[string]rest.RESTCreateStrategy{
		"ClusterRole": clusterrole.Strategy, "ClusterRoleBinding": clusterrolebinding.Strategy,
		"Role": role.Strategy, "RoleBinding": rolebinding.Strategy,
	})
	add("storage.k8s.io", map[string]rest.RESTCreateStrategy{
		"CSIDriver": csidriver.Strategy, "StorageClass": storageclass.Strategy,
	})
	add("flowcontrol.apiserver.k8s.io", map[string]rest.RESTCreateStrategy{
		"FlowSchema": flowschema.Strategy, "PriorityLevelConfiguration": prioritylevelconfiguration.Strategy,
	})
	add("admissionregistration.k8s.io", map[string]rest.RESTCreateStrategy{
		"MutatingWebhookConfiguration":     mutatingwebhookconfiguration.Strategy,
		"ValidatingWebhookConfiguration":   validatingwebhookconfiguration.Strategy,
		"ValidatingAdmissionPolicy":        validatingadmissionpolicy.NewStrategy(nil, nil),
		"ValidatingAdmissionPolicyBinding": validatingadmissionpolicybinding.NewStrategy(nil, nil, nil),
	})
	add("scheduling.k8s.io", map[string]rest.RESTCreateStrategy{"PriorityClass": priorityclass.Strategy})
	add("node.k8s.io", map[string]rest.RESTCreateStrategy{"RuntimeClass": runtimeclass.Strategy})
	add("coordination.k8s.io", map[string]rest.RESTCreateStrategy{"Lease": lease.Strategy})
	add("discovery.k8s.io", map[string]rest.RESTCreateStrategy{"EndpointSlice": endpointslice.Strategy})
	add("certificates.k8s.io", map[string]rest.RESTCreateStrategy{"CertificateSigningRequest": certificates.Strategy})
	add("apiextensions.k8s.io", map[string]rest.RESTCreateStrategy{
		"CustomResourceDefinition": customresourcedefinition.NewStrategy(scheme),
	})
	add("apiregistration.k8s.io", map[string]rest.RESTCreateStrategy{"APIService": apiservice.NewStrategy(scheme)})
}

type recorder struct{ said []string }

func (r *recorder) AddWarning(_, text string) { r.said = append(r.said, text) }

type answer struct {
	Errors   []string `json:"errors"`
	Warnings []string `json:"warnings"`
	Unknown  bool     `json:"unknown"` // the kind is not known to this judge
}

type custom struct {
	served     bool
	structural *structuralschema.Structural
	preserve   bool
	strategy   rest.RESTCreateStrategy
	problem    string
}

type judge struct {
	customs map[schema.GroupVersionKind]*custom
}

// Refusals as single lines, whatever form they come in.
func lines(err error) []string {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0 {
		said := []string{}
		for _, cause := range status.Status().Details.Causes {
			said = append(said, cause.Field+": "+cause.Message)
		}
		return said
	}
	return []string{err.Error()}
}

func create(strategy rest.RESTCreateStrategy, object runtime.Object, kind schema.GroupVersionKind) answer {
	accessor, err := meta.Accessor(object)
	if err != nil {
		return answer{Errors: lines(err)}
	}
	namespace := accessor.GetNamespace()
	if strategy.NamespaceScoped() && namespace == "" {
		namespace = metav1.NamespaceDefault
	}
	said := &recorder{}
	ctx := warning.WithWarningRecorder(genericapirequest.WithNamespace(context.Background(), namespace), said)
	ctx = genericapirequest.WithRequestInfo(ctx, &genericapirequest.RequestInfo{
		IsResourceRequest: true, Verb: "create", APIGroup: kind.Group, APIVersion: kind.Version, Namespace: namespace,
		Resource: strings.ToLower(kind.Kind) + "s",
	})
	rest.FillObjectMetaSystemFields(accessor)
	if accessor.GetNamespace() == "" && strategy.NamespaceScoped() {
		accessor.SetNamespace(namespace)
	}
	if err := rest.BeforeCreate(strategy, ctx, object); err != nil {
		return answer{Errors: lines(err), Warnings: said.said}
	}
	return answer{Warnings: said.said}
}

// What the storage of Services fills in before it validates.
func allocate(object runtime.Object) {
	found, ok := object.(*core.Service)
	if !ok {
		return
	}
	if found.Spec.Type == core.ServiceTypeExternalName {
		if found.Spec.ClusterIP != "" && len(found.Spec.ClusterIPs) == 0 {
			found.Spec.ClusterIPs = []string{found.Spec.ClusterIP}
		}
		return
	}
	if found.Spec.IPFamilyPolicy == nil {
		policy := core.IPFamilyPolicySingleStack
		if found.Spec.ClusterIP == core.ClusterIPNone && len(found.Spec.Selector) == 0 {
			policy = core.IPFamilyPolicyRequireDualStack
		}
		found.Spec.IPFamilyPolicy = &policy
	}
	if found.Spec.ClusterIP == "" {
		found.Spec.ClusterIP = "10.96.0.10"
		if len(found.Spec.IPFamilies) > 0 && found.Spec.IPFamilies[0] == core.IPv6Protocol {
			found.Spec.ClusterIP = "fd00::10"
		}
		if found.Spec.IPFamilyPolicy != nil && *found.Spec.IPFamilyPolicy == core.IPFamilyPolicyRequireDualStack {
			found.Spec.ClusterIPs = []string{found.Spec.ClusterIP, "fd00::10"}
			if found.Spec.ClusterIP == "fd00::10" {
				found.Spec.ClusterIPs[1] = "10.96.0.10"
			}
		}
	}
	if len(found.Spec.ClusterIPs) == 0 {
		found.Spec.ClusterIPs = []string{found.Spec.ClusterIP}
	}
	if found.Spec.ExternalTrafficPolicy == core.ServiceExternalTrafficPolicyLocal &&
		found.Spec.Type == core.ServiceTypeLoadBalancer && found.Spec.HealthCheckNodePort == 0 {
		found.Spec.HealthCheckNodePort = 32000
	}
}

func (j *judge) ask(raw []byte) answer {
	var header metav1.TypeMeta
	if err := json.Unmarshal(raw, &header); err != nil {
		return answer{Errors: lines(err)}
	}
	kind := header.GroupVersionKind()
	if found, ok := j.customs[kind]; ok && !scheme.Recognizes(kind) {
		return found.ask(raw)
	}
	strategy, ok := strategies[kind.GroupKind()]
	if !ok || !scheme.Recognizes(kind) {
		return answer{Unknown: true, Errors: []string{"no matches for kind " + kind.String()}}
	}
	strict := jsonserializer.NewSerializerWithOptions(
		jsonserializer.DefaultMetaFactory, scheme, scheme, jsonserializer.SerializerOptions{Strict: true})
	object, _, err := strict.Decode(raw, nil, nil)
	if err != nil {
		return answer{Errors: lines(err)}
	}
	if told, ok := object.(interface{ APILifecycleRemoved() (int, int) }); ok {
		if _, minor := told.APILifecycleRemoved(); minor <= current {
			return answer{Errors: []string{kind.String() + " is no longer served"}}
		}
	}
	scheme.Default(object)
	internal, err := scheme.UnsafeConvertToVersion(object, schema.GroupVersion{Group: kind.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return answer{Errors: lines(err)}
	}
	allocate(internal)
	return create(strategy, internal, kind)
}

func (c *custom) ask(raw []byte) answer {
	if c.problem != "" {
		return answer{Errors: []string{c.problem}}
	}
	if !c.served {
		return answer{Errors: []string{"this version is not served"}}
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(raw); err != nil {
		return answer{Errors: lines(err)}
	}
	if failure, unknown := schemaobjectmeta.CoerceWithOptions(nil, object.Object, c.structural, true,
		schemaobjectmeta.CoerceOptions{ReturnUnknownFieldPaths: true}); failure != nil || len(unknown) > 0 {
		return answer{Errors: append(unknown, fmt.Sprint(failure))}
	}
	if !c.preserve {
		unknown := structuralpruning.PruneWithOptions(object.Object, c.structural, true,
			structuralschema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true})
		if len(unknown) > 0 {
			return answer{Errors: []string{"unknown fields: " + strings.Join(unknown, ", ")}}
		}
	}
	defaulting.PruneNonNullableNullsWithoutDefaults(object.Object, c.structural)
	defaulting.Default(object.Object, c.structural)
	return create(c.strategy, object, object.GroupVersionKind())
}

func (j *judge) define(raw []byte) error {
	var definition apiextensionsv1.CustomResourceDefinition
	if err := json.Unmarshal(raw, &definition); err != nil {
		return err
	}
	scheme.Default(&definition)
	var internal apiextensions.CustomResourceDefinition
	if err := scheme.Convert(&definition, &internal, nil); err != nil {
		return err
	}
	for _, version := range definition.Spec.Versions {
		kind := schema.GroupVersionKind{Group: definition.Spec.Group, Version: version.Name, Kind: definition.Spec.Names.Kind}
		found := &custom{served: version.Served, preserve: definition.Spec.PreserveUnknownFields}
		j.customs[kind] = found
		validation, err := apiextensions.GetSchemaForVersion(&internal, version.Name)
		if err != nil || validation == nil || validation.OpenAPIV3Schema == nil {
			found.problem = fmt.Sprint("no schema: ", err)
			continue
		}
		structural, err := structuralschema.NewStructural(validation.OpenAPIV3Schema)
		if err != nil {
			found.problem = err.Error()
			continue
		}
		validator, _, err := crvalidation.NewSchemaValidator(validation.OpenAPIV3Schema)
		if err != nil {
			found.problem = err.Error()
			continue
		}
		found.structural = structural
		found.strategy = customresource.NewStrategy(scheme, definition.Spec.Scope == apiextensionsv1.NamespaceScoped,
			kind, validator, nil, structural, nil, nil, nil)
	}
	return nil
}

type lifecycle struct {
	APIVersion  string `json:"apiVersion"`
	Kind        string `json:"kind"`
	Deprecated  string `json:"deprecated,omitempty"`
	Removed     string `json:"removed,omitempty"`
	Replacement string `json:"replacement,omitempty"`
}

// What the types themselves say about their ends.
func lifecycles() []lifecycle {
	found := []lifecycle{}
	for kind := range scheme.AllKnownTypes() {
		object, err := scheme.New(kind)
		if err != nil || kind.Version == runtime.APIVersionInternal || strings.HasSuffix(kind.Kind, "List") {
			continue
		}
		one := lifecycle{APIVersion: kind.GroupVersion().String(), Kind: kind.Kind}
		if told, ok := object.(interface{ APILifecycleDeprecated() (int, int) }); ok {
			major, minor := told.APILifecycleDeprecated()
			one.Deprecated = fmt.Sprintf("%d.%d", major, minor)
		}
		if told, ok := object.(interface{ APILifecycleRemoved() (int, int) }); ok {
			major, minor := told.APILifecycleRemoved()
			one.Removed = fmt.Sprintf("%d.%d", major, minor)
		}
		if told, ok := object.(interface {
			APILifecycleReplacement() schema.GroupVersionKind
		}); ok {
			replacement := told.APILifecycleReplacement()
			one.Replacement = replacement.GroupVersion().String() + " " + replacement.Kind
		}
		if one.Deprecated != "" {
			found = append(found, one)
		}
	}
	sort.Slice(found, func(i, j int) bool {
		return found[i].APIVersion+found[i].Kind < found[j].APIVersion+found[j].Kind
	})
	return found
}

// What was asked: an object, or a text that holds one in YAML.
func object(line []byte) ([]byte, error) {
	var text string
	if json.Unmarshal(line, &text) != nil {
		return line, nil
	}
	return yaml.YAMLToJSONStrict([]byte(text))
}

// Lines of JSON: first the number of definitions, then those, then objects. Or, with the argument `lifecycles`, none.
func main() {
	_ = apiregistration.SchemeGroupVersion
	out := json.NewEncoder(os.Stdout)
	if len(os.Args) > 1 && os.Args[1] == "lifecycles" {
		_ = out.Encode(lifecycles())
		return
	}
	in := bufio.NewReader(os.Stdin)
	var count int
	first, _ := in.ReadString('\n')
	if _, err := fmt.Sscan(first, &count); err != nil {
		panic(err)
	}
	asked := &judge{customs: map[schema.GroupVersionKind]*custom{}}
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 1 {
			if count > 0 {
				count--
				if problem := asked.define(line); problem != nil {
					panic(problem)
				}
			} else {
				found := answer{}
				if raw, failure := object(line); failure != nil {
					found.Errors = lines(failure)
				} else {
					found = asked.ask(raw)
				}
				if problem := out.Encode(found); problem != nil {
					panic(problem)
				}
			}
		}
		if err == io.EOF {
			return
		}
	}
}
