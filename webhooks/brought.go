package webhooks

import "github.com/go-json-experiment/json"

// brought is the stored part of a push's list of commits: whether any of them was on no branch before. A new branch at
// an old commit has none. A value that is no such list counts as unknown and is no error: nothing else depends on it.
type brought string

const (
	broughtSome    brought = "some"
	broughtNothing brought = "nothing"
)

func (b *brought) UnmarshalJSON(data []byte) error {
	var list []struct {
		Distinct *bool `json:"distinct"`
	}
	*b = ""
	if err := json.Unmarshal(data, &list, asSent); err != nil || list == nil {
		return nil
	}
	*b = broughtNothing
	for _, c := range list {
		if c.Distinct == nil || *c.Distinct {
			*b = broughtSome
		}
	}
	return nil
}

// MarshalJSON writes a list in GitHub's form, of one commit at most.
func (b brought) MarshalJSON() ([]byte, error) {
	switch b {
	case broughtSome:
		return []byte(`[{"distinct":true}]`), nil
	case broughtNothing:
		return []byte(`[]`), nil
	}
	return []byte(`null`), nil
}
