#include "mailertable/database/growing_database.h"

#include <algorithm>

namespace tsmtp::mailertable {
namespace {

// makemap says so. It has no effect without a fill factor, but is stored, and db_dump shows it.
constexpr std::uint32_t kMakemapElements = 4096;

DBT datum(std::string_view bytes) {
  DBT out{};
  out.data = const_cast<char*>(bytes.data());  // Berkeley DB does not write to what is put
  out.size = static_cast<std::uint32_t>(bytes.size());
  return out;
}

int open(DB* db, const std::string& path, const GrowthOptions& options) {
  db->set_errcall(db, [](const DB_ENV*, const char*, const char*) {});  // else it writes to stderr
  const auto cache = static_cast<std::uint32_t>(std::clamp<long>(options.cache_bytes, 0, 0x7fffffff));
  int status = db->set_cachesize(db, 0, cache, 1);
  if (status == 0 && options.type == TableType::kHash) status = db->set_h_nelem(db, kMakemapElements);
  if (status == 0 && options.duplicates) status = db->set_flags(db, DB_DUP);
  if (status != 0) return status;
  return db->open(db, nullptr, path.c_str(), nullptr, options.type == TableType::kHash ? DB_HASH : DB_BTREE,
                  options.add ? 0 : DB_CREATE | DB_TRUNCATE, 0600);
}

}  // namespace

GrowingDatabase::GrowingDatabase(const std::string& path, const GrowthOptions& options, int& error) {
  DB* raw = nullptr;
  error = db_create(&raw, nullptr, 0);
  if (error != 0) return;
  db_.reset(raw);
  error = open(raw, path, options);
  if (!options.duplicates && !options.overwrite) put_flags_ = DB_NOOVERWRITE;
}

int GrowingDatabase::put(std::string_view key, std::string_view value) {
  DBT key_datum = datum(key);
  DBT value_datum = datum(value);
  return db_->put(db_.get(), nullptr, &key_datum, &value_datum, put_flags_);
}

int GrowingDatabase::close() {
  DB* const db = db_.release();
  return db->close(db, 0);
}

}  // namespace tsmtp::mailertable
