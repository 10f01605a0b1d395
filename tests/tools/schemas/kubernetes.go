package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// cutKubernetes writes a schema for each kind of an OpenAPI document, and one file with all definitions.
func cutKubernetes(swagger, directory string) error {
	text, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var document struct{ Definitions map[string]object }
	if err := json.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %w", swagger, err)
	}
	definitions := object{}
	for name, definition := range document.Definitions {
		definitions[name] = strict(definition)
	}
	// The document calls both strings, but the API server takes numbers as well.
	definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = object{"type": []string{"integer", "string"}}
	definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = object{"type": []string{"number", "string"}}
	err = writeJSON(filepath.Join(directory, "_definitions.json"), object{"definitions": definitions})
	if err != nil {
		return err
	}
	for _, definition := range document.Definitions {
		// Options of requests, such as DeleteOptions, have many.
		kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
		if len(kinds) != 1 {
			continue
		}
		kind := kinds[0].(object)
		schema := strict(definition)
		err := write(directory, kind["group"].(string), kind["version"].(string), kind["kind"].(string), schema)
		if err != nil {
			return err
		}
	}
	return nil
}
