#include "fault-injection/proxy/toxic.h"

namespace touchstone::proxy {

namespace json = boost::json;

namespace {

class Noop : public Toxic {
 public:
  void OnData(std::string bytes, Pipe& pipe) override { pipe.SendAt(pipe.now(), std::move(bytes)); }
};

}  // namespace

extern const ToxicType kNoop;
const ToxicType kNoop{
    "noop", "Lets everything pass.", {}, [](const json::object&) -> std::unique_ptr<Toxic> {
      return std::make_unique<Noop>();
    }};

}  // namespace touchstone::proxy
