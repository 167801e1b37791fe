package lint

import (
	"context"
	"fmt"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/cel"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/defaulting"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/listtype"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/validation"
	genericvalidation "k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/validation/field"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"sigs.k8s.io/yaml"

	"github.com/rollcall-dev/rollcall/api/v1alpha1"
	"github.com/rollcall-dev/rollcall/config/crd"
)

// Schemas know what the API server accepts of our kinds.
type Schemas struct{ kinds map[string]*kindSchema }

type kindSchema struct {
	structural *schema.Structural
	values     validation.SchemaValidator
	rules      *cel.Validator
}

// NewSchemas reads the CustomResourceDefinitions that are built in. It takes
// some tenths of a second: the rules are compiled.
func NewSchemas() (*Schemas, error) {
	files := crd.Bases()
	entries, err := files.ReadDir("bases")
	if err != nil {
		return nil, err
	}
	s := &Schemas{kinds: map[string]*kindSchema{}}
	for _, entry := range entries {
		text, err := files.ReadFile("bases/" + entry.Name())
		if err != nil {
			return nil, err
		}
		var definition apiextensionsv1.CustomResourceDefinition
		if err := yaml.Unmarshal(text, &definition); err != nil {
			return nil, fmt.Errorf("read %s: %w", entry.Name(), err)
		}
		if s.kinds[definition.Spec.Names.Kind], err = newKindSchema(&definition); err != nil {
			return nil, fmt.Errorf("read the schema of %s: %w", definition.Spec.Names.Kind, err)
		}
	}
	return s, nil
}

func newKindSchema(definition *apiextensionsv1.CustomResourceDefinition) (*kindSchema, error) {
	for _, version := range definition.Spec.Versions {
		if version.Name != v1alpha1.GroupVersion().Version || version.Schema == nil {
			continue
		}
		var props apiextensions.JSONSchemaProps
		if err := apiextensionsv1.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, &props, nil); err != nil {
			return nil, err
		}
		structural, err := schema.NewStructural(&props)
		if err != nil {
			return nil, err
		}
		values, _, err := validation.NewSchemaValidator(&props)
		if err != nil {
			return nil, err
		}
		return &kindSchema{structural: structural, values: values, rules: cel.NewValidator(structural, true, celconfig.PerCallLimit)}, nil
	}
	return nil, fmt.Errorf("it has no version %s", v1alpha1.GroupVersion().Version)
}

// Known reports whether the kind is one of ours.
func (s *Schemas) Known(kind string) bool { return s.kinds[kind] != nil }

// Default fills in what the API server fills in.
func (s *Schemas) Default(o *unstructured.Unstructured) {
	if k := s.kinds[o.GetKind()]; k != nil {
		defaulting.Default(o.Object, k.structural)
	}
}

// Check returns what the API server would refuse about a new object of a known
// kind. The object gets its defaults, and loses fields that do not exist.
func (s *Schemas) Check(ctx context.Context, o *unstructured.Unstructured) field.ErrorList {
	k := s.kinds[o.GetKind()]
	found := genericvalidation.ValidateObjectMetaAccessor(o, true, genericvalidation.NameIsDNSSubdomain, field.NewPath("metadata"))
	for _, path := range pruning.PruneWithOptions(o.Object, k.structural, true, schema.UnknownFieldPathOptions{TrackUnknownFieldPaths: true}) {
		found = append(found, field.Forbidden(field.NewPath(path), "there is no such field; check its spelling and its indentation"))
	}
	defaulting.Default(o.Object, k.structural)
	found = append(found, validation.ValidateCustomResource(nil, o.UnstructuredContent(), k.values)...)
	found = append(found, listtype.ValidateListSetsAndMaps(nil, k.structural, o.Object)...)
	if len(found) > 0 || k.rules == nil {
		// Rules take for granted that types and lengths are right.
		return found
	}
	broken, _ := k.rules.Validate(ctx, nil, k.structural, o.Object, nil, celconfig.RuntimeCELCostBudget)
	return append(found, broken...)
}
