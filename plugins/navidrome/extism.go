// The interface of Extism for plugins: input, output, errors and configuration as blocks of the
// host's memory, each known by its offset. A block has 8 bytes at a time.
//
// Source: extism.org, "Runtime APIs"; github.com/extism/go-pdk (the names of the host functions).

package main

import (
	"encoding/binary"
	"encoding/json"
)

//go:wasmimport extism:host/env alloc
func extismAlloc(length uint64) uint64

//go:wasmimport extism:host/env length
func extismLength(offset uint64) uint64

//go:wasmimport extism:host/env load_u8
func extismLoadByte(offset uint64) uint32

//go:wasmimport extism:host/env load_u64
func extismLoad(offset uint64) uint64

//go:wasmimport extism:host/env store_u8
func extismStoreByte(offset uint64, value uint32)

//go:wasmimport extism:host/env store_u64
func extismStore(offset uint64, value uint64)

//go:wasmimport extism:host/env input_offset
func extismInputOffset() uint64

//go:wasmimport extism:host/env output_set
func extismOutputSet(offset uint64, length uint64)

//go:wasmimport extism:host/env error_set
func extismErrorSet(offset uint64)

//go:wasmimport extism:host/env config_get
func extismConfigGet(key uint64) uint64

// readBlock returns a copy of a block of the host's memory; none for offset 0.
func readBlock(offset uint64) []byte {
	if offset == 0 {
		return nil
	}
	data := make([]byte, extismLength(offset))
	i := 0
	for ; i+8 <= len(data); i += 8 {
		binary.LittleEndian.PutUint64(data[i:], extismLoad(offset+uint64(i)))
	}
	for ; i < len(data); i++ {
		data[i] = byte(extismLoadByte(offset + uint64(i)))
	}
	return data
}

// writeBlock copies data to a new block of the host's memory, and returns its offset.
func writeBlock(data []byte) uint64 {
	offset := extismAlloc(uint64(len(data)))
	i := 0
	for ; i+8 <= len(data); i += 8 {
		extismStore(offset+uint64(i), binary.LittleEndian.Uint64(data[i:]))
	}
	for ; i < len(data); i++ {
		extismStoreByte(offset+uint64(i), uint32(data[i]))
	}
	return offset
}

// setting returns a value of the configuration, empty where it is not set.
func setting(name string) string {
	return string(readBlock(extismConfigGet(writeBlock([]byte(name)))))
}

// respond calls a function with the input of the host, and gives its result or error to the host.
func respond[In, Out any](function func(In) (Out, error)) int32 {
	var input In
	err := json.Unmarshal(readBlock(extismInputOffset()), &input)
	var output Out
	if err == nil {
		output, err = function(input)
	}
	var data []byte
	if err == nil {
		data, err = json.Marshal(output)
	}
	if err != nil {
		extismErrorSet(writeBlock([]byte(err.Error())))
		return 1
	}
	extismOutputSet(writeBlock(data), uint64(len(data)))
	return 0
}
