package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// A boltFile is a bbolt file that is read page by page before bbolt maps it: what
// bbolt finds amiss it panics over, in goroutines of its own too, and a map that is
// longer than its file is a fault at the first touch. Nothing is trusted here, and no
// page is read twice.
type boltFile struct {
	r        io.ReaderAt
	pageSize uint64
	pages    uint64 // those the file has, by its meta page
	seen     []bool
}

// The format, in the byte order of the machine that wrote it.
const (
	boltMagic      = 0xED0CDAED
	boltVersion    = 2
	boltPageHeader = 16 // id uint64, flags uint16, count uint16, overflow uint32
	boltElement    = 16 // leaf: flags, pos, ksize, vsize uint32; branch: pos, ksize uint32, page uint64
	boltMeta       = 64 // magic, version, page size, flags uint32; root, sequence, free list, pages, transaction, sum uint64
	boltInBucket   = 16 // root, sequence uint64

	boltBranch = 0x01
	boltLeaf   = 0x02
	boltBucket = 0x01 // flag of an element

	noFreeList = ^uint64(0) // we keep none: NoFreelistSync
)

var nativeEndian = binary.NativeEndian

// errUnknownFormat is the error for a file without a meta page of this format, which may
// be a later one.
var errUnknownFormat = errors.New("its format is unknown")

// checkBolt reads every page that the store in the file is made of. The file must
// not change meanwhile.
func checkBolt(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	return checkBoltBytes(f, uint64(info.Size()))
}

func checkBoltBytes(r io.ReaderAt, size uint64) error {
	meta, ok := youngestMeta(r, size)
	if !ok {
		return errUnknownFormat
	}
	b := &boltFile{r: r, pageSize: uint64(nativeEndian.Uint32(meta[8:])), pages: nativeEndian.Uint64(meta[40:])}
	switch {
	case b.pageSize < 512 || b.pageSize > 1<<16 || b.pageSize&(b.pageSize-1) != 0:
		return fmt.Errorf("its pages have %d bytes", b.pageSize)
	case nativeEndian.Uint64(meta[32:]) != noFreeList:
		return errors.New("another program wrote it")
	case b.pages > size/b.pageSize:
		return fmt.Errorf("it has %d bytes, and had %d pages of %d", size, b.pages, b.pageSize)
	}
	b.seen = make([]bool, b.pages)
	return b.page(nativeEndian.Uint64(meta[16:]), nil, nil)
}

// youngestMeta returns the one of the two meta pages that was written last and is
// whole. Where the second one is depends on the size of pages, which stands in both.
func youngestMeta(r io.ReaderAt, size uint64) (meta []byte, ok bool) {
	for at := uint64(0); at < min(size, 1<<17); at = max(at*2, 512) {
		m := make([]byte, boltMeta)
		if _, err := r.ReadAt(m, int64(at+boltPageHeader)); err != nil {
			continue
		}
		if at > 0 && uint64(nativeEndian.Uint32(m[8:])) != at {
			continue
		}
		sum := fnv.New64a()
		sum.Write(m[:56])
		whole := nativeEndian.Uint32(m) == boltMagic && nativeEndian.Uint32(m[4:]) == boltVersion && nativeEndian.Uint64(m[56:]) == sum.Sum64()
		if whole && (meta == nil || nativeEndian.Uint64(m[48:]) > nativeEndian.Uint64(meta[48:])) {
			meta = m
		}
	}
	return meta, meta != nil
}

// page checks a page and all below it. Its keys are to be from least on and below
// limit, where that is not nil.
func (b *boltFile) page(id uint64, least, limit []byte) error {
	header := make([]byte, b.pageSize)
	if id < 2 || id >= b.pages {
		return fmt.Errorf("page %d: there is none", id)
	}
	if _, err := b.r.ReadAt(header, int64(id*b.pageSize)); err != nil {
		return err
	}
	over := uint64(nativeEndian.Uint32(header[12:]))
	switch {
	case nativeEndian.Uint64(header) != id:
		return fmt.Errorf("page %d: says that it is page %d", id, nativeEndian.Uint64(header))
	case over >= b.pages-id:
		return fmt.Errorf("page %d: goes on for %d pages", id, over)
	}
	for i := id; i <= id+over; i++ {
		if b.seen[i] {
			return fmt.Errorf("page %d: is in two places", i)
		}
		b.seen[i] = true
	}
	body := header
	if over > 0 {
		body = make([]byte, (over+1)*b.pageSize)
		if _, err := b.r.ReadAt(body, int64(id*b.pageSize)); err != nil {
			return err
		}
	}
	if err := b.elements(body, least, limit); err != nil {
		return fmt.Errorf("page %d: %w", id, err)
	}
	return nil
}

// elements checks what a page holds, which is one of its own or, of a small bucket,
// stands in another.
func (b *boltFile) elements(p, least, limit []byte) error {
	flags, count := nativeEndian.Uint16(p[8:]), int(nativeEndian.Uint16(p[10:]))
	if flags != boltBranch && flags != boltLeaf || flags == boltBranch && count == 0 || boltPageHeader+count*boltElement > len(p) {
		return fmt.Errorf("is none of keys: kind %#x, %d of them", flags, count)
	}
	var before []byte
	for i := range count {
		key, value, bucket, err := element(p, flags, i)
		switch {
		case err != nil:
			return err
		case i > 0 && bytes.Compare(before, key) >= 0, bytes.Compare(key, least) < 0, limit != nil && bytes.Compare(key, limit) >= 0:
			return errors.New("its keys are out of order")
		case flags == boltLeaf && bucket:
			err = b.bucket(value)
		case flags == boltBranch:
			below := limit
			if i+1 < count {
				if below, _, _, err = element(p, flags, i+1); err != nil {
					return err
				}
			}
			err = b.page(nativeEndian.Uint64(value), key, below)
		}
		if err != nil {
			return err
		}
		before = key
	}
	return nil
}

// element returns the n-th key of a page, and its value, or the number of the page
// below it.
func element(p []byte, flags uint16, n int) (key, value []byte, bucket bool, err error) {
	at := uint64(boltPageHeader + n*boltElement)
	e := p[at:]
	if flags == boltBranch {
		key, _, err = cut(p, at+uint64(nativeEndian.Uint32(e)), uint64(nativeEndian.Uint32(e[4:])), 0)
		return key, e[8:16], false, err
	}
	key, value, err = cut(p, at+uint64(nativeEndian.Uint32(e[4:])), uint64(nativeEndian.Uint32(e[8:])), uint64(nativeEndian.Uint32(e[12:])))
	return key, value, nativeEndian.Uint32(e)&boltBucket != 0, err
}

// cut returns the key at that place of the page, and the value after it.
func cut(p []byte, at, key, value uint64) (k, v []byte, err error) {
	if at+key+value > uint64(len(p)) {
		return nil, nil, errors.New("a key is outside of it")
	}
	return p[at : at+key], p[at+key : at+key+value], nil
}

func (b *boltFile) bucket(value []byte) error {
	if len(value) < boltInBucket {
		return errors.New("a bucket is cut off")
	}
	if root := nativeEndian.Uint64(value); root != 0 {
		return b.page(root, nil, nil)
	}
	inside := value[boltInBucket:]
	if len(inside) < boltPageHeader || nativeEndian.Uint16(inside[8:]) != boltLeaf {
		return errors.New("a small bucket is none")
	}
	return b.elements(inside, nil, nil)
}
