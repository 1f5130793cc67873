package bot

// AsksClasses reports whether the stage's rules depend on what a candidate changes.
func (s Stage) AsksClasses() bool {
	return len(s.Skip)+len(s.Hold)+len(s.Maintenance) > 0
}

// ClassesOf lists the classes of files, in the order of the pipeline's file. others
// reports whether any file has no class.
func (c Config) ClassesOf(files []string) (classes []string, others bool) {
	in := map[string]bool{}
	for _, file := range files {
		found := false
		for _, class := range c.Changes {
			if class.matches(file) {
				in[class.Name], found = true, true
			}
		}
		others = others || !found
	}
	for _, class := range c.Changes {
		if in[class.Name] {
			classes = append(classes, class.Name)
		}
	}
	return classes, others
}

// ClassNames lists every class of change.
func (c Config) ClassNames() []string {
	var list []string
	for _, class := range c.Changes {
		list = append(list, class.Name)
	}
	return list
}
