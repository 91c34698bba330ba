#include "reference-host/store/inspect.h"

#include <algorithm>

#include "reference-host/protocol/json_text.h"
#include "reference-host/store/sqlite_db.h"
#include "reference-host/store/state_dir.h"

namespace refhost {
namespace {

using Take = std::function<bool(const std::string& line)>;

// Every query has the session's name in column 0.
class Reader {
 public:
  Reader(SqliteDb& db, const std::optional<std::string>& session, const Take& take)
      : db_(db), session_(session), take_(take) {}

  template <typename Format>
  StoreResult<void> Each(const char* sql, Format format) {
    Cursor cursor = db_.Query(sql);
    while (!stopped_) {
      auto row = cursor.Next();
      if (!row) return tl::unexpected(row.error());
      if (!*row) break;
      if (session_ && cursor.Text(0) != *session_) continue;
      format(cursor);
    }
    return {};
  }
  void Take(const std::string& line) {
    if (!stopped_) stopped_ = !take_(line);
  }

 private:
  SqliteDb& db_;
  const std::optional<std::string>& session_;
  const std::function<bool(const std::string& line)>& take_;
  bool stopped_ = false;
};

StoreResult<void> InspectTurns(Reader& reader) {
  return reader.Each(
      "SELECT name, seq, ts_ms, prompt, answer, partial FROM turn JOIN session ON "
      "session.id=session"
      " ORDER BY session, seq",
      [&](const Cursor& row) {
        std::string line = "{";
        AppendField(line, "session_id", row.Text(0));
        AppendField(line, "seq", row.Int(1));
        AppendField(line, "ts", row.Int(2));
        AppendField(line, "prompt", row.Text(3));
        AppendField(line, "answer", row.Text(4));
        AppendField(line, "partial", row.Int(5) != 0);
        reader.Take(line += '}');
      });
}

StoreResult<void> InspectEvents(Reader& reader) {
  return reader.Each(
      "SELECT name, run_id, events FROM envelope JOIN session ON session.id=session"
      " ORDER BY session, seq",
      [&](const Cursor& row) {
        std::string ids = "{";
        AppendField(ids, "run_id", row.Text(1));
        AppendField(ids, "session_id", row.Text(0));
        // One object per line; a line feed inside of one is escaped.
        const std::string events = row.Text(2);
        for (size_t at = 0; at < events.size();) {
          const size_t end = std::min(events.find('\n', at), events.size());
          reader.Take(ids + "," + events.substr(at + 1, end - at - 1));
          at = end + 1;
        }
      });
}

StoreResult<void> InspectAudit(Reader& reader) {
  return reader.Each(
      "SELECT session, ts_ms, request_id, tool, arguments, outcome, duration_ms FROM audit"
      " ORDER BY id",
      [&](const Cursor& row) {
        std::string line = "{";
        AppendField(line, "ts", row.Int(1));
        AppendField(line, "session_id", row.Text(0));
        AppendField(line, "request_id", row.Text(2));
        AppendField(line, "tool", row.Text(3));
        AppendField(line, "arguments", row.Text(4));
        AppendField(line, "outcome", row.Text(5));
        AppendField(line, "duration_ms", row.Int(6));
        reader.Take(line += '}');
      });
}

StoreResult<void> InspectIdempotency(Reader& reader) {
  const auto answers = reader.Each(
      "SELECT session, key, ts_ms, text, prompt_tokens, completion_tokens FROM answer ORDER BY id",
      [&](const Cursor& row) {
        std::string line = "{";
        AppendField(line, "session_id", row.Text(0));
        AppendField(line, "idempotency_key", row.Text(1));
        AppendField(line, "status", "OK");
        AppendField(line, "ts", row.Int(2));
        AppendField(line, "text", row.Text(3));
        line += ",\"usage\":{";
        AppendField(line, "prompt_tokens", row.Int(4));
        AppendField(line, "completion_tokens", row.Int(5));
        AppendField(line, "total_tokens", row.Int(4) + row.Int(5));
        reader.Take(line += "}}");
      });
  if (!answers) return answers;
  return reader.Each("SELECT session, key, request_id FROM claim ORDER BY id",
                     [&](const Cursor& row) {
                       std::string line = "{";
                       AppendField(line, "session_id", row.Text(0));
                       AppendField(line, "idempotency_key", row.Text(1));
                       AppendField(line, "status", "RUNNING");
                       AppendField(line, "request_id", row.Text(2));
                       reader.Take(line += '}');
                     });
}

}  // namespace

StoreResult<void> Inspect(const std::string& state_dir, InspectKind kind,
                          const std::optional<std::string>& session, const Take& take) {
  auto state = FindStateDir(state_dir);
  if (!state) return tl::unexpected(state.error());
  if (!*state) return {};
  SqliteDb db;
  const std::string& path = (*state)->database;
  if (auto opened = db.Open(path, 1000); !opened) return opened;
  if (auto good = CheckSchema(db, **state); !good) return good;
  Reader reader(db, session, take);
  switch (kind) {
    case InspectKind::kTurns:
      return InspectTurns(reader);
    case InspectKind::kEvents:
      return InspectEvents(reader);
    case InspectKind::kAudit:
      return InspectAudit(reader);
    case InspectKind::kIdempotency:
      return InspectIdempotency(reader);
  }
  return {};
}

}  // namespace refhost
