#include "relayd/net/ledger/memory_name.h"

#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "relayd/claims/value.h"
#include "relayd/net/io/replace_file.h"
#include "relayd/net/tls/hmac_digest.h"

namespace tsmtp::net {
namespace {

// systemd's unit says it, for there /proc has nothing but processes.
constexpr char kBootIdVariable[] = "TSMTP_BOOT_ID";
constexpr char kBootIdFile[] = "/proc/sys/kernel/random/boot_id";
constexpr char kFile[] = "/claims.memory";

std::string first_line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::string boot_id() {
  const char* const said = std::getenv(kBootIdVariable);
  return said != nullptr && *said != '\0' ? said : first_line_of(kBootIdFile);
}

}  // namespace

std::string memory_name(const std::string& state_dir, bool is_lost) {
  const std::string boot = boot_id(), path = state_dir + kFile;
  if (!is_lost && !boot.empty()) {
    std::ifstream file(path, std::ios::binary);
    std::string of_boot, name(claims::kMemoryBytes, '\0');
    std::getline(file, of_boot);
    if (of_boot == boot && file.read(name.data(), static_cast<std::streamsize>(name.size()))) return name;
  }
  std::string name = random_bytes(claims::kMemoryBytes);
  if (!replace_file(path, boot + '\n' + name)) unlink(path.c_str());  // the old one says too much
  return name;
}

}  // namespace tsmtp::net
