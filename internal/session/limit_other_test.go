//go:build !unix

package session

func limitFileSize() {}
