// Package browser looks at the page of lab view in a real Chromium. It is a module of its own for the sake of the driver, and its tests
// need a chromium on the path (Debian: apt-get install chromium); without one they are skipped, unless CHROMIUM=required is set.
//
//	make browser                                        # from the root of the project
//	go test -C main/browser -shots DIR                  # and keep screenshots
//	go test -C main/browser -run '^$' -bench . -benchtime 5x
package browser
