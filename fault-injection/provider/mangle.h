// What rules do to an answer before it is framed: cut characters, broken and doubled events, a
// quoted key, gzip that nobody asked for. Pure.
#pragma once

#include <string>
#include <string_view>

#include "fault-injection/provider/dialect.h"

namespace touchstone::provider {

// Cuts a document that is sent in chunks into four or more; the events of a stream stay.
void CutIntoChunks(Content& content);

// All that the rule asks for, in the order of docs/provider-rules.md. `chunks` are wanted: a
// document comes in pieces, too.
void Mangle(Content& content, const Respond& respond, const Request& request,
            const Dialect& dialect, std::string_view key, bool chunks);

// What lacks its end: the end marker of a stream, the last byte of a document. An empty one stays.
void TakeEndOff(Content& content);

// A gzip file (RFC 1952) that stores the bytes as they are.
std::string Gzip(std::string_view bytes);

}  // namespace touchstone::provider
