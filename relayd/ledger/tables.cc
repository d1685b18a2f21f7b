#include "relayd/ledger/tables.h"

#include <db.h>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "relayd/ledger/database_cause.h"
#include "relayd/ledger/log_file.h"

namespace tsmtp::ledger {
namespace {

namespace fs = std::filesystem;

constexpr int kTableMode = 0600;
constexpr char kAside[] = ".new";
// While this is there, the files aside are complete, and the only ones that count.
constexpr char kComplete[] = "/tables.new";

// The last complaint of Berkeley DB; a table without an environment has no place for it.
thread_local std::string complaint;

void take_complaint(const DB_ENV* /*env*/, const char* /*prefix*/, const char* message) {
  if (complaint.empty()) complaint = message;
}

base::Error cannot(const std::string& what, const std::string& file, int code,
                   const std::string& message = {}) {
  return base::Error{"cannot " + what + " " + file + ": " + plain_cause(code, message)};
}

DBT as_dbt(const std::string& bytes) {
  DBT out{};
  out.data = const_cast<char*>(bytes.data());  // Berkeley DB reads only
  out.size = static_cast<std::uint32_t>(bytes.size());
  return out;
}

/// A table of no environment.
class LoneTable {
 public:
  LoneTable() {
    complaint.clear();
    code_ = db_create(&db_, nullptr, 0);
  }
  ~LoneTable() {
    if (db_ != nullptr) db_->close(db_, DB_NOSYNC);
  }
  LoneTable(const LoneTable&) = delete;
  LoneTable& operator=(const LoneTable&) = delete;

  int open(const std::string& file, std::uint32_t flags) {
    if (code_ != 0) return code_;
    db_->set_errcall(db_, take_complaint);
    int code = 0;
    if ((flags & DB_CREATE) != 0) {
      code = db_->set_pagesize(db_, kTablePageBytes);
      if (code == 0) code = db_->set_flags(db_, DB_CHKSUM);
    }
    if (code == 0) code = db_->open(db_, nullptr, file.c_str(), nullptr, DB_BTREE, flags, kTableMode);
    return code;
  }

  int read(Rows& rows) {
    DBC* cursor = nullptr;
    int code = db_->cursor(db_, nullptr, &cursor, 0);
    while (code == 0) {
      DBT key{};
      DBT value{};
      code = cursor->get(cursor, &key, &value, DB_NEXT);
      if (code == 0)
        rows.emplace(std::string(static_cast<const char*>(key.data), key.size),
                     std::string(static_cast<const char*>(value.data), value.size));
    }
    if (cursor != nullptr) static_cast<void>(cursor->close(cursor));
    return code == DB_NOTFOUND ? 0 : code;
  }

  int write(const Rows& rows) {
    for (const auto& [key, value] : rows) {
      DBT key_dbt = as_dbt(key);
      DBT value_dbt = as_dbt(value);
      if (const int code = db_->put(db_, nullptr, &key_dbt, &value_dbt, 0); code != 0) return code;
    }
    return db_->sync(db_, 0);
  }

 private:
  DB* db_ = nullptr;
  int code_ = 0;
};

base::Result<void> sync(const std::string& path, int flags) {
  const int fd = open(path.c_str(), flags | O_CLOEXEC, kTableMode);
  const bool ok = fd >= 0 && fsync(fd) == 0;
  const int code = errno;
  if (fd >= 0) close(fd);
  if (!ok) return cannot("write", path, code);
  return {};
}

std::vector<fs::path> log_files(const std::string& dir) {
  std::vector<fs::path> out;
  std::error_code error;
  for (fs::directory_iterator at(dir, error), end; !error && at != end; at.increment(error))
    if (at->path().filename().string().starts_with("log.")) out.push_back(at->path());
  return out;
}

base::Result<void> write_table(const std::string& file, const Rows& rows) {
  unlink(file.c_str());
  {
    LoneTable table;
    int code = table.open(file, DB_CREATE | DB_EXCL);
    if (code == 0) code = table.write(rows);
    if (code != 0) return cannot("write", file, code, complaint);
  }
  return sync(file, O_RDONLY);
}

}  // namespace

base::Result<AllRows> read_tables(const std::string& dir) {
  AllRows all;
  for (std::size_t i = 0; i < kTableFiles.size(); ++i) {
    const std::string file = dir + '/' + kTableFiles[i];
    std::error_code error;
    if (!fs::exists(file, error)) continue;
    LoneTable table;
    int code = table.open(file, DB_RDONLY);
    if (code == 0) code = table.read(all[i]);
    if (code != 0) return cannot("read", file, code, complaint);
  }
  return all;
}

base::Result<void> write_tables(const std::string& dir, const AllRows& rows) {
  if (auto ok = finish_tables(dir); !ok) return ok;
  for (std::size_t i = 0; i < kTableFiles.size(); ++i)
    if (auto ok = write_table(dir + '/' + kTableFiles[i] + kAside, rows[i]); !ok) return ok;
  if (auto ok = sync(dir, O_RDONLY | O_DIRECTORY); !ok) return ok;
  if (auto ok = sync(dir + kComplete, O_WRONLY | O_CREAT | O_NOFOLLOW); !ok) return ok;
  if (auto ok = sync(dir, O_RDONLY | O_DIRECTORY); !ok) return ok;
  return finish_tables(dir);
}

base::Result<void> finish_tables(const std::string& dir) {
  std::error_code error;
  const bool is_complete = fs::exists(dir + kComplete, error);
  if (is_complete)
    for (const fs::path& log : log_files(dir))
      unlink(log.c_str());
  for (const char* name : kTableFiles) {
    const std::string file = dir + '/' + name;
    const std::string aside = file + kAside;
    if (!is_complete) {
      unlink(aside.c_str());
    } else if (rename(aside.c_str(), file.c_str()) != 0 && errno != ENOENT) {
      return cannot("replace", file, errno);
    }
  }
  if (!is_complete) return {};
  if (auto ok = sync(dir, O_RDONLY | O_DIRECTORY); !ok) return ok;
  if (unlink((dir + kComplete).c_str()) != 0) return cannot("remove", dir + kComplete, errno);
  return sync(dir, O_RDONLY | O_DIRECTORY);
}

std::vector<std::string> losses(const std::string& dir) {
  std::vector<std::string> out;
  std::error_code error;
  const auto logs = log_files(dir);
  std::vector<std::string> missing;
  for (const char* name : kTableFiles)
    if (!fs::exists(dir + '/' + name, error)) missing.emplace_back(name);
  const bool is_new = logs.empty() && missing.size() == kTableFiles.size();
  if (is_new) return out;
  for (const std::string& name : missing)
    out.push_back(dir + '/' + name + " is missing; rows that the log does not give back are lost");
  if (logs.empty())
    out.push_back("the log in " + dir + " is missing; rows that the tables do not hold are lost");
  for (const fs::path& log : logs) {
    const auto size = fs::file_size(log, error);
    if (!error && size < kLogFileBytes)
      out.push_back(log.string() + " was cut to " + std::to_string(size) + " bytes; the rows in it are lost");
  }
  return out;
}

}  // namespace tsmtp::ledger
