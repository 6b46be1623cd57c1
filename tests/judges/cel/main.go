// Judges CEL as the Kubernetes API server does: objects against the rules of a schema, and single expressions.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	celgo "github.com/google/cel-go/cel"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"
)

type question struct {
	Schema     json.RawMessage `json:"schema"`
	Objects    []any           `json:"objects"`
	Expression string          `json:"expression"`
	Self       any             `json:"self"`
}

type answer struct {
	Errors [][]string `json:"errors,omitempty"`
	Value  string     `json:"value"`
	Error  string     `json:"error"`
}

// JSON numbers as the API server decodes them: int64 where they are whole.
func numbers(value any) any {
	switch typed := value.(type) {
	case json.Number:
		if whole, err := typed.Int64(); err == nil {
			return whole
		}
		float, _ := typed.Float64()
		return float
	case []any:
		for index := range typed {
			typed[index] = numbers(typed[index])
		}
	case map[string]any:
		for key := range typed {
			typed[key] = numbers(typed[key])
		}
	}
	return value
}

func objects(asked question) (answer, error) {
	var props apiextensionsv1.JSONSchemaProps
	if err := json.Unmarshal(asked.Schema, &props); err != nil {
		return answer{}, err
	}
	var internal apiextensions.JSONSchemaProps
	if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(&props, &internal, nil); err != nil {
		return answer{}, err
	}
	structural, err := schema.NewStructural(&internal)
	if err != nil {
		return answer{}, err
	}
	validator := cel.NewValidator(structural, true, celconfig.PerCallLimit)
	found := answer{}
	for _, raw := range asked.Objects {
		object := numbers(raw)
		defaulting.PruneNonNullableNullsWithoutDefaults(object, structural)
		defaulting.Default(object, structural)
		said := []string{}
		if validator != nil {
			errors, _ := validator.Validate(context.Background(), nil, structural, object, nil, celconfig.RuntimeCELCostBudget)
			for _, one := range errors {
				said = append(said, one.Field+"\t"+one.Detail)
			}
		}
		found.Errors = append(found.Errors, said)
	}
	return found, nil
}

func expression(asked question) (answer, error) {
	set, err := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()).Extend(environment.VersionedOptions{
		IntroducedVersion: environment.DefaultCompatibilityVersion(),
		EnvOptions:        []celgo.EnvOption{celgo.Variable("self", celgo.DynType)},
	})
	if err != nil {
		return answer{}, err
	}
	env := set.StoredExpressionsEnv()
	tree, issues := env.Compile(asked.Expression)
	if issues != nil && issues.Err() != nil {
		return answer{}, issues.Err()
	}
	program, err := env.Program(tree)
	if err != nil {
		return answer{}, err
	}
	value, _, err := program.Eval(map[string]any{"self": numbers(asked.Self)})
	if err != nil {
		return answer{}, err
	}
	return answer{Value: fmt.Sprintf("%v", value.Value())}, nil
}

func main() {
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	var all []question
	if err := decoder.Decode(&all); err != nil {
		panic(err)
	}
	answers := []answer{}
	for _, asked := range all {
		judge := objects
		if asked.Expression != "" {
			judge = expression
		}
		found, err := judge(asked)
		if err != nil {
			found.Error = err.Error()
		}
		answers = append(answers, found)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
