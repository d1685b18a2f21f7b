#include "relayd/keys/book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/keys/toy_crypto.h"

namespace tsmtp::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Learnt step(const std::string& from, const std::string& to) {
  return {.from = toy_pin(from), .to = toy_pin(to), .serial = 1, .when = 7};
}

Book full_book() {
  Book book;
  EXPECT_TRUE(book.learn(step("a", "b")));
  EXPECT_TRUE(book.learn(step("b", "c")));
  book.revoke({toy_pin("x")}, "a site with blanks", -5);
  EXPECT_TRUE(book.confirm("birl", toy_pin("own"), 1'800'000'000));
  return book;
}

TEST(Book, IsReadAsItWasWritten) {
  const std::string text = full_book().text();
  const auto read = Book::parse(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->text(), text);
  EXPECT_EQ(read->head(toy_pin("a")), toy_pin("c"));
  ASSERT_NE(read->revocation(toy_pin("x")), nullptr);
  EXPECT_EQ(read->revocation(toy_pin("x"))->site, "a site with blanks");
  EXPECT_EQ(read->confirmation("birl")->when, 1'800'000'000);
}

// A revocation that was lost would be a key that is good again.
TEST(Book, EveryPieceOfOneIsRefused) {
  const std::string text = full_book().text();
  for (std::size_t bytes = 0; bytes < text.size(); ++bytes)
    EXPECT_FALSE(Book::parse(text.substr(0, bytes))) << bytes;
}

TEST(Book, LineThatIsNotUnderstoodIsNamed) {
  std::string text = full_book().text();
  text.insert(text.find("learnt"), "banned for ever\n");
  EXPECT_THAT(Book::parse(text).error().message, HasSubstr("3: \"banned for ever\" is no line"));
}

TEST(Book, RevocationIsOfTheWholeFamilyAndKeepsItsFirstTime) {
  Book book = full_book();
  book.revoke({toy_pin("b")}, "birl", 20);
  book.revoke({toy_pin("a")}, "birl", 30);
  for (const char* key : {"a", "b", "c"})
    EXPECT_EQ(book.revocation(toy_pin(key))->when, 20) << key;
  EXPECT_EQ(book.revoked().size(), 4U);
}

TEST(Book, KeyLeadsToOneOtherAndNeverBack) {
  Book book = full_book();
  EXPECT_FALSE(book.learn(step("a", "x")));
  EXPECT_FALSE(book.learn(step("c", "a")));
  EXPECT_THAT(book.descent(toy_pin("b")), ElementsAre(toy_pin("b"), toy_pin("c")));
}

TEST(Book, FamilyIsBounded) {
  Book book;
  for (std::size_t i = 0; i + 1 < Book::kMaxFamily; ++i)
    ASSERT_TRUE(book.learn(step(std::to_string(i), std::to_string(i + 1)))) << i;
  EXPECT_FALSE(book.learn(step(std::to_string(Book::kMaxFamily - 1), "more")));
  EXPECT_TRUE(book.learn(step("other", "more")));
}

TEST(Book, ConfirmationIsOfTheLatestKeyAndGoesWithItsSite) {
  Book book = full_book();
  EXPECT_FALSE(book.confirm("birl", toy_pin("own"), 3));
  EXPECT_TRUE(book.confirm("birl", toy_pin("own2"), 4));
  EXPECT_EQ(book.confirmation("birl")->pin, toy_pin("own2"));
  book.keep_sites({"bonn"});
  EXPECT_EQ(book.confirmation("birl"), nullptr);
}

}  // namespace
}  // namespace tsmtp::keys
