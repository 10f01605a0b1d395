package main

import (
	"os"

	"sigs.k8s.io/yaml"
)

type crd struct {
	Spec struct {
		Group    string
		Names    struct{ Kind string }
		Versions []struct {
			Name   string
			Schema struct{ OpenAPIV3Schema object }
		}
	}
}

// cutCRD writes a schema for each version of a custom resource, with the metadata of a version of Kubernetes.
func cutCRD(file, directory, kubernetes string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var definition crd
	if err := yaml.Unmarshal(text, &definition); err != nil {
		return err
	}
	spec := definition.Spec
	for _, version := range spec.Versions {
		schema := strict(version.Schema.OpenAPIV3Schema)
		schema["properties"].(object)["metadata"] = object{
			"$ref": "../" + kubernetes + "/_definitions.json#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
		}
		if err := write(directory, spec.Group, version.Name, spec.Names.Kind, schema); err != nil {
			return err
		}
	}
	return nil
}
