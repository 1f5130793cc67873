package webhooks

import "github.com/go-json-experiment/json"

// brought is what is kept of the list of commits in a push: whether any of them is one that
// GitHub had on no branch before. A new branch at an old commit brings none. What is no such
// list says nothing, and is no fault either: nothing else depends on it.
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

// MarshalJSON writes a list as GitHub's, of one commit at most.
func (b brought) MarshalJSON() ([]byte, error) {
	switch b {
	case broughtSome:
		return []byte(`[{"distinct":true}]`), nil
	case broughtNothing:
		return []byte(`[]`), nil
	}
	return []byte(`null`), nil
}
