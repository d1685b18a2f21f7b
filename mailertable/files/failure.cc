#include "mailertable/files/failure.h"

#include <cstring>

namespace tsmtp::mailertable {

Failure system_failure(int exit_status, const std::string& doing, int error_number) {
  return {exit_status, doing + ": " + std::strerror(error_number), false};
}

}  // namespace tsmtp::mailertable
