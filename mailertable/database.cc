#include "mailertable/database.h"

#include <db.h>
#include <sysexits.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>

namespace tsmtp::mailertable {
namespace {

constexpr std::uint32_t kPageBytes = 4096;  // as makemap's on every common file system
constexpr std::uint32_t kMinCacheBytes = 1024 * 1024;
constexpr std::uint32_t kMaxCacheBytes = 256 * 1024 * 1024;

struct Closer {
  void operator()(DB* db) const { db->close(db, DB_NOSYNC); }
};
using Handle = std::unique_ptr<DB, Closer>;

Failure failure(const std::string& path, int status) {
  return {EX_IOERR, "cannot write " + path + ": " + db_strerror(status), false};
}

DBT datum(std::string_view bytes) {
  DBT out{};
  out.data = const_cast<char*>(bytes.data());  // Berkeley DB does not write to what is put
  out.size = static_cast<std::uint32_t>(bytes.size());
  return out;
}

/// A hash that does not fit the cache is written to and read from again for every entry.
std::uint32_t cache_bytes(const std::vector<Entry>& entries) {
  std::uint64_t bytes = 0;
  for (const Entry& entry : entries)
    bytes += entry.key.size() + entry.value.size();
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(bytes * 3, kMinCacheBytes, kMaxCacheBytes));
}

int configure(DB* db, TableType type, const std::vector<Entry>& entries) {
  db->set_errcall(db, [](const DB_ENV*, const char*, const char*) {});  // else it writes to stderr
  int status = db->set_cachesize(db, 0, cache_bytes(entries), 1);
  if (status == 0) status = db->set_pagesize(db, kPageBytes);
  if (status == 0 && type == TableType::kHash)
    status = db->set_h_nelem(db, static_cast<std::uint32_t>(std::max<std::size_t>(entries.size(), 1)));
  return status;
}

}  // namespace

Outcome<void> fill_database(const std::string& path, TableType type, const std::vector<Entry>& entries) {
  DB* raw = nullptr;
  if (const int status = db_create(&raw, nullptr, 0); status != 0) return failure(path, status);
  Handle db(raw);
  int status = configure(raw, type, entries);
  if (status == 0)
    status = raw->open(raw, nullptr, path.c_str(), nullptr, type == TableType::kHash ? DB_HASH : DB_BTREE,
                       DB_CREATE | DB_TRUNCATE, 0600);
  if (status != 0) return failure(path, status);
  for (const Entry& entry : entries) {
    DBT key = datum(entry.key);
    DBT value = datum(entry.value);
    if (status = raw->put(raw, nullptr, &key, &value, DB_NOOVERWRITE); status != 0)
      return failure(path, status);
  }
  // The last pages are written by close, and only its status tells whether they were.
  if (status = db.release()->close(raw, 0); status != 0) return failure(path, status);
  return {};
}

}  // namespace tsmtp::mailertable
