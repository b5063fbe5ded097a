package testbin

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
)

// Case is the line of a shrunk failure's file that tells what it is.
type Case struct {
	Case    string `json:"case"`    // suite/scenario
	Package string `json:"package"` // the directory of the suite's tests, from the module's root
	Test    string `json:"test"`    // the full name of the test
}

// ReadCase reads it: the first line that is neither empty nor begins with #. The rest is the kit's to read.
func ReadCase(path string) (Case, error) {
	f, err := os.Open(path)
	if err != nil {
		return Case{}, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	n := 1
	for ; lines.Scan(); n++ {
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		var c Case
		switch err := json.Unmarshal(line, &c); {
		case err != nil:
			return c, fmt.Errorf("%s: line %d: not JSON: %w", path, n, err)
		case c.Case == "" || c.Package == "" || c.Test == "":
			return c, fmt.Errorf(`%s: line %d: the first line must tell what it is: {"case":"suite/scenario","package":"./dir","test":"TestName",…}`, path, n)
		}
		return c, nil
	}
	if err := lines.Err(); err != nil {
		return Case{}, fmt.Errorf("%s: line %d: %w", path, n, err)
	}
	return Case{}, fmt.Errorf("%s: line %d: it is empty", path, n)
}
