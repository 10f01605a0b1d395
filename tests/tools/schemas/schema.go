package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
)

// object is a JSON object, such as a schema.
type object = map[string]any

// strict returns a schema without extensions that rejects unknown fields. It follows the structure of schemas, since a
// *property* may be called `$ref` or `x-kubernetes-...` as well: those of JSONSchemaProps are.
func strict(schema object) object {
	result := object{}
	for keyword, value := range schema {
		switch keyword {
		case "properties":
			result[keyword] = strictEach(value.(object))
		case "items", "not":
			result[keyword] = strict(value.(object))
		case "additionalProperties":
			if nested, is := value.(object); is {
				value = strict(nested)
			}
			result[keyword] = value
		case "allOf", "anyOf", "oneOf":
			var all []any
			for _, one := range value.([]any) {
				// A part of a schema need not know all fields.
				all = append(all, withoutExtensions(one.(object)))
			}
			result[keyword] = all
		case "$ref":
			result[keyword] = strings.Replace(value.(string), "#", "_definitions.json#", 1)
		case "description", "nullable":
		default:
			if !strings.HasPrefix(keyword, "x-") {
				result[keyword] = value
			}
		}
	}
	_, hasProperties := schema["properties"]
	_, isOpen := schema["additionalProperties"]
	if hasProperties && !isOpen && schema["x-kubernetes-preserve-unknown-fields"] != true {
		result["additionalProperties"] = false
	}
	if schema["nullable"] == true {
		return object{"anyOf": []any{result, object{"type": "null"}}}
	}
	return result
}

func strictEach(schemas object) object {
	result := object{}
	for name, schema := range schemas {
		result[name] = strict(schema.(object))
	}
	return result
}

func withoutExtensions(schema object) object {
	result := object{}
	for keyword, value := range schema {
		if !strings.HasPrefix(keyword, "x-") {
			result[keyword] = value
		}
	}
	return result
}

// write writes the schema of a kind under the name by which kubeconform asks for it.
func write(directory, group, version, kind string, schema object) error {
	apiVersion, name := version, kind+"-"+version
	if group != "" {
		apiVersion = group + "/" + version
		first, _, _ := strings.Cut(group, ".")
		name = kind + "-" + first + "-" + version
	}
	properties := schema["properties"].(object)
	properties["apiVersion"] = object{"type": "string", "enum": []string{apiVersion}}
	properties["kind"] = object{"type": "string", "enum": []string{kind}}
	required, _ := schema["required"].([]any)
	schema["required"] = append(required, "apiVersion", "kind")
	return writeJSON(filepath.Join(directory, strings.ToLower(name)+".json"), schema)
}

func writeJSON(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}
