// Reads a folder of C2SP tlog-tiles with Go's own implementation, which knows nothing of this program: the checkpoint is
// signed by the key, every entry is the one of its hash, and every entry is proved. With a name it also co-signs.
package main

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type folder string

func (dir folder) read(path string) []byte {
	data, err := os.ReadFile(filepath.Join(string(dir), path))
	must(err)
	return data
}

func (dir folder) ReadTiles(_ context.Context, tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, one := range tiles {
		found = append(found, dir.read(torchwood.TilePath(one)))
	}
	return found, nil
}

func (dir folder) ReadEndpoint(_ context.Context, path string) ([]byte, error) {
	return dir.read(path), nil
}

func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}

func must(err error) {
	if err != nil {
		fmt.Println("REFUSED:", err)
		os.Exit(1)
	}
}

func main() {
	dir := folder(os.Args[1])
	verifier, err := note.NewVerifier(strings.TrimSpace(string(dir.read("key.pub"))))
	must(err)
	opened, err := note.Open(dir.read("checkpoint"), note.VerifierList(verifier))
	must(err)
	checkpoint, err := torchwood.ParseCheckpoint(opened.Text)
	must(err)
	hashes := torchwood.TileHashReaderWithContext(context.Background(), checkpoint.Tree, dir)
	for index := int64(0); index < checkpoint.N; {
		tile := tlog.Tile{H: torchwood.TileHeight, L: -1, N: index / torchwood.TileWidth, W: torchwood.TileWidth}
		tile.W = int(min(int64(tile.W), checkpoint.N-index))
		rest := dir.read(torchwood.TilePath(tile))
		for len(rest) > 0 {
			var entry []byte
			entry, rest, err = torchwood.ReadTileEntry(rest)
			must(err)
			proof, err := tlog.ProveRecord(checkpoint.N, index, hashes)
			must(err)
			must(tlog.CheckRecord(proof, checkpoint.N, checkpoint.Hash, index, tlog.RecordHash(entry)))
			index++
		}
	}
	fmt.Println("PROVED:", checkpoint.N, "entries of", checkpoint.Origin)
	if len(os.Args) > 2 {
		cosign(os.Args[2], dir, opened)
	}
}

// cosign writes the note with one more signature, and the public key of the witness.
func cosign(name string, dir folder, opened *note.Note) {
	seed := sha256.Sum256([]byte(name))
	signer, err := torchwood.NewCosignatureSigner(name, ed25519.NewKeyFromSeed(seed[:]))
	must(err)
	signed, err := note.Sign(opened, signer)
	must(err)
	must(os.WriteFile(filepath.Join(string(dir), "cosigned"), signed, 0o644))
	must(os.WriteFile(filepath.Join(string(dir), "witness.pub"), []byte(signer.Verifier().String()+"\n"), 0o644))
}
