// What the process's exit status says (contract, section 15).
#pragma once

namespace refhost {

enum ExitStatus : int {
  kExitOk = 0,
  kExitInvalid = 2,        // INVALID_REQUEST in a one-shot, or a usage error
  kExitConfiguration = 3,  // bad configuration, unusable state directory, failed self-test
  kExitNoReader = 4,       // no response line could be written
};

}  // namespace refhost
