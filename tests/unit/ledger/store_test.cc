#include "relayd/ledger/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace tsmtp::ledger {
namespace {

using testing::HasSubstr;

Change put(Table table, std::string key, std::string value, bool durable = false) {
  return {.table = table, .key = std::move(key), .value = std::move(value), .durable = durable};
}

Change erase(Table table, std::string key) {
  return {.table = table, .key = std::move(key), .value = std::nullopt, .durable = false};
}

std::string contents(Store& store, Table table) {
  std::string out;
  const auto rows = store.load(table);
  if (!rows) return "error: " + rows.error().message;
  for (const Entry& row : *rows)
    out += row.key + '=' + row.value + ' ';
  return out;
}

class StoreTest : public testing::Test {
 protected:
  std::unique_ptr<Store> open() {
    auto store = Store::open(dir_.file("ledger"));
    EXPECT_TRUE(store) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }

  support::TemporaryDirectory dir_;
};

TEST_F(StoreTest, MakesItsDirectoryForItselfOnly) {
  const auto store = open();
  struct stat found {};
  ASSERT_EQ(stat(dir_.file("ledger").c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777U, 0700U);
  EXPECT_EQ(contents(*store, Table::kDoubts), "");
}

TEST_F(StoreTest, RoundTripAndErasure) {
  {
    const auto store = open();
    const Change batch[] = {put(Table::kDoubts, "a", "1", true), put(Table::kDoubts, "b", "2"),
                            put(Table::kOutcomes, "a", "3"), erase(Table::kOutcomes, "not there")};
    ASSERT_TRUE(store->apply(batch));
    const Change more[] = {erase(Table::kDoubts, "a"), put(Table::kDoubts, "b", "4")};
    ASSERT_TRUE(store->apply(more));
    ASSERT_TRUE(store->apply({}));
  }
  const auto store = open();
  EXPECT_EQ(contents(*store, Table::kDoubts), "b=4 ");
  EXPECT_EQ(contents(*store, Table::kOutcomes), "a=3 ");
}

TEST_F(StoreTest, AnyBytesAndLongValues) {
  const std::string key("\0\n\xff", 3);
  const std::string value(100'000, '\0');
  {
    const auto store = open();
    const Change batch[] = {put(Table::kOutcomes, key, value)};
    ASSERT_TRUE(store->apply(batch));
  }
  const auto rows = open()->load(Table::kOutcomes);
  ASSERT_TRUE(rows);
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ((*rows)[0].key, key);
  EXPECT_EQ((*rows)[0].value, value);
}

TEST_F(StoreTest, LargeBatchIsOneTransaction) {
  const auto store = open();
  std::vector<Change> batch;
  for (int i = 0; i < 20'000; ++i)
    batch.push_back(put(Table::kDoubts, std::to_string(i * 7919), std::string(60, 'x')));
  const auto applied = store->apply(batch);
  ASSERT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(store->load(Table::kDoubts)->size(), 20'000U);
}

TEST_F(StoreTest, StaysSmallWhereRowsComeAndGo) {
  const auto store = open();
  for (int i = 0; i < 60'000; ++i) {
    const Change batch[] = {put(Table::kDoubts, "k" + std::to_string(i), std::string(200, 'x')),
                            erase(Table::kDoubts, "k" + std::to_string(i - 10))};
    ASSERT_TRUE(store->apply(batch));
  }
  std::uintmax_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(dir_.file("ledger")))
    bytes += file.file_size();
  EXPECT_LT(bytes, 8U << 20);
}

TEST_F(StoreTest, SecondOpeningSaysWhoHasIt) {
  const auto store = open();
  const auto second = Store::open(dir_.file("ledger"));
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error().message, HasSubstr("is in use by process " + std::to_string(getpid())));
}

TEST_F(StoreTest, LockEndsWithTheStore) {
  open().reset();
  EXPECT_NE(open(), nullptr);
}

TEST_F(StoreTest, DirectoryThatCannotBeMade) {
  const auto store = Store::open(dir_.path() + "/not/there");
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("No such file or directory"));
}

TEST_F(StoreTest, FileInsteadOfADirectory) {
  std::ofstream(dir_.file("ledger")) << "x";
  const auto store = Store::open(dir_.file("ledger"));
  ASSERT_FALSE(store);
  EXPECT_THAT(store.error().message, HasSubstr("is no directory"));
}

}  // namespace
}  // namespace tsmtp::ledger
