// The arguments of makemap (sendmail 8.17), read as it reads them.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace tsmtp::mailertable {

struct MakemapOptions {
  std::string program = "makemap";           ///< how messages name it
  std::string cf = "/etc/mail/sendmail.cf";  ///< -C
  std::string type;
  std::string map;
  std::string fallback;        ///< -i: the type if sendmail.cf knows none
  long cache_bytes = 1 << 20;  ///< -c
  char comment = '#';          ///< -D
  char separator = '\0';       ///< -t; NUL: any blank
  bool with_nul = false;       ///< -N
  bool duplicates = false;     ///< -d
  bool allow_empty = false;    ///< -e
  bool fold_case = true;       ///< off with -f
  bool add = false;            ///< -o
  bool replace = false;        ///< -r
  bool trust_paths = false;    ///< -s
  bool unmake = false;         ///< -u
  bool verbose = false;        ///< -v
};

/// Reads `argv`, whose first word names the program. Nothing in `options.map` is opened. Nothing returned: go
/// on; else the exit status, everything having been said.
[[nodiscard]] std::optional<int> read_makemap_options(int argc, char** argv, MakemapOptions& options);

}  // namespace tsmtp::mailertable
