// mailertable makemap, and the program under the name makemap: what sendmail's does, but written aside.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "mailertable/commands/commands.h"
#include "mailertable/database/growing_database.h"
#include "mailertable/database/table_reader.h"
#include "mailertable/files/input.h"
#include "mailertable/files/replacement.h"
#include "mailertable/files/safe_path.h"
#include "mailertable/makemap/makemap_cf.h"
#include "mailertable/makemap/makemap_input.h"
#include "mailertable/makemap/makemap_options.h"
#include "relayd/base/bytes.h"

namespace tsmtp::mailertable {
namespace {

constexpr std::chrono::hours kLockPatience{24};  // makemap waits without end

std::string status_text(int status) {
  return status > 0 ? std::strerror(status) : db_strerror(status);
}

class Makemap {
 public:
  explicit Makemap(MakemapOptions options) : options_(std::move(options)) {}

  int run() {
    if (const auto status = read_cf()) return *status;
    if (const auto status = check_type()) return *status;
    path_ = options_.map.ends_with(".db") && options_.map.size() > 3 ? options_.map : options_.map + ".db";
    if (path_.size() >= PATH_MAX) return cannot_open("Name too long");
    if (const auto wrong = check_path()) return cannot_open(*wrong);
    return options_.unmake ? unmake() : make();
  }

 private:
  std::optional<int> read_cf() {
    const std::string asked = base::ascii_lower(options_.type);
    const bool type_from_cf = asked == "cf";
    if (::geteuid() != 0 && !type_from_cf) return std::nullopt;
    const auto text = read_input(options_.cf == "-" ? "./-" : options_.cf);
    if (!text) {
      fmt::print(stderr, "makemap: {}: {}\n", options_.cf, std::strerror(errno));
      return EX_NOINPUT;
    }
    const MakemapCf cf = parse_makemap_cf(*text, type_from_cf ? options_.map : "", options_.type == "cf");
    for (const std::string& warning : cf.warnings)
      fmt::print(stderr, "{}\n", warning);
    trusted_user_ = cf.trusted_user;
    if (type_from_cf) options_.type = cf.type.value_or("");
    if (!options_.type.empty()) return std::nullopt;
    const std::string missing =
        fmt::format("{}: mapfile {}: not found in {}", options_.program, options_.map, options_.cf);
    if (options_.fallback.empty()) {
      fmt::print(stderr, "{}\n", missing);
      return EX_DATAERR;
    }
    options_.type = options_.fallback;
    if (options_.verbose) fmt::print(stderr, "{}, using fallback {}\n", missing, options_.fallback);
    return std::nullopt;
  }

  std::optional<int> check_type() {
    const std::string& type = options_.type;
    if (type == "hash" || type == "btree" || type == "implicit") return std::nullopt;
    const std::string definition = type == "dbm" ? "NDBM" : type == "cdb" ? "CDB" : "";
    if (definition.empty()) return cannot_open("Unknown database type");
    fmt::print(stderr, "{}: Need to recompile with -D{} for {} support\n", options_.program, definition,
               type);
    return EX_CANTCREAT;
  }

  // makemap looks twice: before it opens the file, and when it does.
  std::optional<std::string> check_path() {
    const SafePathRules rules{options_.trust_paths, !options_.unmake && !options_.add, trusted_user_};
    const mode_t first = options_.unmake ? S_IRUSR : S_IWUSR;
    const mode_t second = options_.unmake ? S_IRUSR : S_IRUSR | S_IWUSR;
    for (const mode_t mode : {first, second}) {
      const std::size_t before = warnings_.size();
      auto wrong = unsafe(path_, mode, rules, warnings_);
      for (std::size_t i = before; i < warnings_.size(); ++i)
        fmt::print(stderr, "WARNING: {}\n", warnings_[i]);
      if (wrong) return wrong;
    }
    return std::nullopt;
  }

  int cannot_open(std::string why) {
    if (options_.type == "implicit" && (why == std::strerror(EINVAL) || why == std::strerror(ENOENT))) {
      try_next_type();
      why = "Unknown database type";
    }
    fmt::print(stderr, "{}: error opening type {} map {}: {}\n", options_.program, options_.type,
               options_.map, why);
    return EX_CANTCREAT;
  }

  // For implicit, makemap begins anew with btree what failed with hash.
  void try_next_type() const {
    for (const std::string& warning : warnings_)
      fmt::print(stderr, "WARNING: {}\n", warning);
  }

  int unmake() {
    const auto bytes = read_locked(path_ == "-" ? "./-" : path_);
    if (!bytes) return cannot_open(std::strerror(errno));
    const auto table = looks_like_table(*bytes)
                           ? parse_table(*bytes)
                           : Outcome<StoredTable>(Failure{EX_DATAERR, std::strerror(EINVAL), false});
    if (!table && !table.error().message.starts_with("damaged")) return cannot_open(std::strerror(EINVAL));
    if (!table) return cannot_open(table.error().message);
    const bool is_hash = table->type == TableType::kHash;
    const bool wrong_type = options_.type != "implicit" && is_hash != (options_.type == "hash");
    if (wrong_type || (options_.duplicates && !table->allows_duplicates))
      return cannot_open(std::strerror(EINVAL));
    if (options_.type == "implicit" && !is_hash) try_next_type();
    const char separator = options_.separator == '\0' ? '\t' : options_.separator;
    for (const auto& [key, value] : table->pairs)
      fmt::print("{}{}{}\n", until_nul(key), separator, until_nul(value));
    return EX_OK;
  }

  static std::string_view until_nul(std::string_view text) { return text.substr(0, text.find('\0')); }

  int make() {
    Replacement target{real_path(), kLockPatience};
    if (::geteuid() == 0 && trusted_user_ != 0) target.owner = trusted_user_;
    const mode_t mask = ::umask(0);
    ::umask(mask);
    target.new_mode = 0640 & ~mask;
    target.lock_first = options_.add;
    int status = EX_OK;
    const auto done = replace_file(target, [&](const TemporaryFile& file) { return fill(file, status); });
    if (done) return status;
    if (done.error().message.empty()) return done.error().exit_status;  // said already
    fmt::print(stderr, "{}: {}; {} is {}\n", options_.program, done.error().message, path_,
               done.error().table_replaced ? "replaced" : "unchanged");
    return done.error().exit_status;
  }

  /// With -s the map may be a link, and what it leads to is replaced.
  [[nodiscard]] std::string real_path() const {
    char* const resolved = options_.trust_paths ? ::realpath(path_.c_str(), nullptr) : nullptr;
    std::string path = resolved == nullptr ? path_ : resolved;
    std::free(resolved);
    return path;
  }

  Outcome<void> fill(const TemporaryFile& file, int& status) {
    if (options_.add) {
      if (auto copied = copy_old(file); !copied) return copied;
    }
    for (const char* const type : {"hash", "btree"}) {
      if (options_.type != type && options_.type != "implicit") continue;
      int error = 0;
      GrowingDatabase database(file.own_path(), growth(type), error);
      if (error == 0) return copy_text(database, status);
      // With -o the file may be of the other type.
      if (options_.type == type || (error != EINVAL && error != ENOENT))
        return said(cannot_open(status_text(error)));
      if (options_.type == "implicit" && type == std::string_view("hash")) try_next_type();
    }
    return said(cannot_open("Unknown database type"));
  }

  static Failure said(int status) { return {status, "", false}; }

  [[nodiscard]] GrowthOptions growth(std::string_view type) const {
    // makemap's cache, unless more is wished, makes a large hash ten times as slow; the order of the entries
    // in the file does not depend on it.
    constexpr long kLeastCache = 64L << 20;
    constexpr long kMostCache = 512L << 20;
    struct stat input {};
    const bool is_file = ::fstat(STDIN_FILENO, &input) == 0 && S_ISREG(input.st_mode);
    const long wanted = is_file ? std::min<long>(input.st_size * 3, kMostCache) : kLeastCache;
    return {type == "hash" ? TableType::kHash : TableType::kBtree, options_.add, options_.duplicates,
            options_.replace, std::max({wanted, options_.cache_bytes, 1L << 20})};
  }

  Outcome<void> copy_old(const TemporaryFile& file) {
    const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return said(cannot_open(std::strerror(errno)));
    std::string buffer(1 << 20, '\0');
    ssize_t got = 0;
    bool written = true;
    while (written && (got = ::read(fd, buffer.data(), buffer.size())) > 0)
      written = ::write(file.fd(), buffer.data(), static_cast<std::size_t>(got)) == got;
    const int error = errno;
    ::close(fd);
    if (got < 0 || !written) return system_failure(EX_IOERR, "cannot copy " + path_, error);
    return {};
  }

  Outcome<void> copy_text(GrowingDatabase& database, int& status) {
    PieceReader reader(STDIN_FILENO);
    for (line_ = 1;; ++line_) {
      const auto piece = reader.next();
      if (!piece) break;
      if (auto done = take(database, parse_makemap_line(*piece, reader.at_end_of_file(), options_), status);
          !done)
        return done;
    }
    if (const int error = database.close(); error != 0) {
      fmt::print(stderr, "{}: close({}): {}\n", options_.program, options_.map, status_text(error));
      return said(EX_IOERR);
    }
    return {};
  }

  Outcome<void> take(GrowingDatabase& database, const MakemapLine& line, int& status) {
    switch (line.kind) {
      case MakemapLine::Kind::kNothing:
        return {};
      case MakemapLine::Kind::kTooLong:
        complain(fmt::format("line too long ({} bytes max)", kMakemapPieceBytes + 1), status);
        return {};
      case MakemapLine::Kind::kLeadingBlank:
        complain("syntax error (leading space)", status);
        return {};
      case MakemapLine::Kind::kNoValue:
        complain("no RHS for LHS " + line.key, status);
        return {};
      case MakemapLine::Kind::kEntry:
        return put(database, line, status);
    }
    return {};
  }

  Outcome<void> put(GrowingDatabase& database, const MakemapLine& line, int& status) {
    if (options_.verbose) fmt::print("key=`{}', val=`{}'\n", line.key, line.value);
    const std::string nul(options_.with_nul ? 1 : 0, '\0');
    const int error = database.put(line.key + nul, line.value + nul);
    if (error == 0) return {};
    if (error == DB_KEYEXIST) {
      complain("key " + line.key + ": duplicate key", status);
      return {};
    }
    // makemap would go on, and leave a map with holes.
    complain("key " + line.key + ": put error: " + status_text(error), status);
    return said(EX_IOERR);
  }

  void complain(const std::string& what, int& status) {
    fmt::print(stderr, "{}: {}: line {}: {}\n", options_.program, options_.map, line_, what);
    status = EX_DATAERR;
  }

  MakemapOptions options_;
  std::string path_;
  uid_t trusted_user_ = 0;
  std::vector<std::string> warnings_;  ///< of the path
  unsigned line_ = 0;
};

}  // namespace

int run_makemap(int argc, char** argv) {
  MakemapOptions options;
  if (const auto status = read_makemap_options(argc, argv, options)) return *status;
  remove_temporary_file_on_signals();
  return Makemap(std::move(options)).run();
}

}  // namespace tsmtp::mailertable
