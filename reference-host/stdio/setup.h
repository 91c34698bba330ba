// Building the parts of a host from its configuration.
#pragma once

#include <memory>

#include "reference-host/engine/engine.h"
#include "reference-host/host/host.h"
#include "reference-host/options.h"
#include "reference-host/store/sqlite_store.h"
#include "reference-host/tools/toolbox.h"

namespace refhost {

HostSettings MakeHostSettings(const Config& config, Mode mode);
std::unique_ptr<Engine> MakeEngine(const Config& config);
std::unique_ptr<Toolbox> MakeToolbox(const Config& config);
StoreResult<std::unique_ptr<SqliteStore>> OpenStore(const Config& config, Mode mode);

}  // namespace refhost
