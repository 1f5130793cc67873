package web

// deliveries lists what could not be processed.
func (s *site) deliveries(v *visit) (answer, error) {
	failed, err := s.operations.Failed(v.Context())
	if err != nil {
		return answer{}, err
	}
	now := s.now()
	type row struct {
		Delivery
		Moment moment
	}
	rows := make([]row, len(failed))
	for i, d := range failed {
		rows[i] = row{d, momentOf(d.At, now)}
	}
	return answer{page: "deliveries", title: "Failed deliveries", data: rows}, nil
}
