package gotool

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// SourceSum is a fingerprint of all that a package's test binary is made from: the Go
// version, the versions of the modules it needs, and the source of those that have none.
// Unlike a binary's own, it is the same wherever the tree lies.
func (t Tool) SourceSum(ctx context.Context, pkg string) (string, error) {
	version, errOut, err := t.run(ctx, "env", "GOVERSION")
	if err != nil {
		return "", fmt.Errorf("go env: %s", firstLine(errOut, err))
	}
	const fields = "ImportPath,Dir,GoFiles,CgoFiles,SFiles,HFiles,CFiles,EmbedFiles,Module,Standard"
	out, errOut, err := t.run(ctx, "list", "-test", "-deps", "-json="+fields, pkg)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		return "", fmt.Errorf("go list: %s", firstLine(errOut, err))
	}
	sum := sha256.New()
	sum.Write(version)
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p source
		switch err := dec.Decode(&p); {
		case err == io.EOF:
			return hex.EncodeToString(sum.Sum(nil)[:8]), nil
		case err != nil:
			return "", fmt.Errorf("go list: %w", err)
		}
		if err := p.addTo(sum); err != nil {
			return "", err
		}
	}
}

// source is what a package is built from.
type source struct {
	ImportPath, Dir                                       string
	GoFiles, CgoFiles, SFiles, HFiles, CFiles, EmbedFiles []string
	Standard                                              bool
	Module                                                *struct {
		Path, Version string
		Replace       *struct{ Path, Version string }
	}
}

func (p source) addTo(sum hash.Hash) error {
	switch m := p.Module; {
	case p.Standard || strings.HasSuffix(p.ImportPath, ".test"): // the latter is made by the go command
		return nil
	case m != nil && m.Replace != nil && m.Replace.Version != "":
		fmt.Fprintln(sum, p.ImportPath, m.Replace.Path, m.Replace.Version)
		return nil
	case m != nil && m.Replace == nil && m.Version != "":
		fmt.Fprintln(sum, p.ImportPath, m.Version)
		return nil
	}
	fmt.Fprintln(sum, p.ImportPath)
	for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.SFiles, p.HFiles, p.CFiles, p.EmbedFiles) {
		text, err := os.ReadFile(filepath.Join(p.Dir, name))
		if err != nil {
			return err
		}
		fmt.Fprintln(sum, name, len(text))
		sum.Write(text)
	}
	return nil
}
