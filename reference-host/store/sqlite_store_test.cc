#include "reference-host/store/sqlite_store.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace refhost {
namespace {

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/refhost-store-XXXXXX";
    dir_ = mkdtemp(name);
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::unique_ptr<SqliteStore> Open() {
    auto store = SqliteStore::Open(dir_, limits_, [this] { return now_; });
    EXPECT_TRUE(store) << store.error().message;
    return std::move(*store);
  }

  static ClaimRequest Key(ClaimToken token, std::string_view session, std::string_view key) {
    return {token, session, key, "request"};
  }
  // Claims and answers; false if there was something else to do.
  bool Answer(SqliteStore& store, ClaimToken token, std::string_view session, std::string_view key,
              std::string_view prompt = "prompt") {
    EXPECT_TRUE(store.Begin());
    auto claim = store.Claim(Key(token, session, key));
    const bool claimed = std::holds_alternative<Claimed>(*claim);
    if (claimed) {
      auto saved = store.Finish(Key(token, session, key), prompt, {"answer", {1, 2}}, {});
      EXPECT_EQ(*saved, FinishOutcome::kSaved);
    }
    EXPECT_TRUE(store.Commit());
    return claimed;
  }

  std::string dir_;
  StoreLimits limits_;
  int64_t now_ = 1'000'000'000;
};

TEST_F(SqliteStoreTest, ReplaysByPairExactly) {
  auto store = Open();
  const std::string nul("a\0", 2);
  EXPECT_TRUE(Answer(*store, 1, "a:b", "c"));
  EXPECT_TRUE(Answer(*store, 2, "a", "b:c"));
  EXPECT_TRUE(Answer(*store, 3, nul, "c"));
  EXPECT_TRUE(Answer(*store, 4, "a", "c"));
  EXPECT_TRUE(Answer(*store, 5, "A", "c"));
  EXPECT_FALSE(Answer(*store, 6, "a", "c"));
  const auto found = store->Lookup("a", "c");
  EXPECT_EQ(std::get<StoredAnswer>(*found).usage.completion_tokens, 2);
}

TEST_F(SqliteStoreTest, EntriesExpire) {
  auto store = Open();
  Answer(*store, 1, "s", "k");
  now_ += limits_.idempotency_ttl_ms - 1;
  EXPECT_FALSE(Answer(*store, 2, "s", "k"));
  now_ += 1;
  EXPECT_TRUE(Answer(*store, 3, "s", "k"));
}

TEST_F(SqliteStoreTest, KeepsTheNewestKeysOnly) {
  limits_.idempotency_max_keys = 3;
  auto store = Open();
  for (int i = 0; i < 5; ++i) Answer(*store, i, "s", std::to_string(i));
  for (int i = 0; i < 5; ++i) {
    const auto found = store->Lookup("s", std::to_string(i));
    EXPECT_EQ(std::holds_alternative<StoredAnswer>(*found), i >= 2) << i;
  }
}

TEST_F(SqliteStoreTest, ContextIsTheLastTwentyTurnsOr64KiB) {
  auto store = Open();
  for (int i = 0; i < 30; ++i) Answer(*store, i, "s", std::to_string(i), std::to_string(i));
  auto turns = store->LoadContext("s");
  ASSERT_EQ(turns->size(), 20u);
  EXPECT_EQ(turns->front().prompt, "10");
  EXPECT_EQ(turns->back().prompt, "29");
  for (int i = 0; i < 4; ++i)
    Answer(*store, 100 + i, "big", std::to_string(i), std::string(40'000, 'x'));
  EXPECT_EQ(store->LoadContext("big")->size(), 2u);
  EXPECT_TRUE(store->LoadContext("S")->empty());
}

TEST_F(SqliteStoreTest, OtherProcessHoldsUntilItIsGone) {
  auto first = Open();
  auto second = Open();  // an owner of its own, as another process would be
  ASSERT_TRUE(first->Begin());
  ASSERT_TRUE(first->Claim(Key(1, "s", "k")));
  ASSERT_TRUE(first->Commit());
  ASSERT_TRUE(second->Begin());
  EXPECT_TRUE(std::holds_alternative<HeldElsewhere>(*second->Claim(Key(1, "s", "k"))));
  EXPECT_TRUE(std::holds_alternative<Claimed>(*second->Claim(Key(2, "s", "other"))));
  EXPECT_FALSE(*second->MayStart("s", 2));
  first.reset();
  EXPECT_TRUE(*second->MayStart("s", 2));
  EXPECT_TRUE(std::holds_alternative<Claimed>(*second->Claim(Key(1, "s", "k"))));
  ASSERT_TRUE(second->Commit());
}

TEST_F(SqliteStoreTest, LostClaimSavesNothing) {
  auto first = Open();
  auto second = Open();
  ASSERT_TRUE(first->Begin());
  ASSERT_TRUE(first->Claim(Key(1, "s", "k")));
  ASSERT_TRUE(first->Commit());
  ASSERT_TRUE(second->Begin());
  ASSERT_TRUE(second->CloseSession("s"));
  ASSERT_TRUE(second->Commit());
  ASSERT_TRUE(first->Begin());
  EXPECT_EQ(first->Renew({1})->size(), 1u);
  EXPECT_EQ(*first->Finish(Key(1, "s", "k"), "p", {"late", {}}, {}), FinishOutcome::kRevoked);
  ASSERT_TRUE(first->Commit());
  EXPECT_TRUE(first->LoadContext("s")->empty());
  Answer(*second, 1, "s", "k");
  ASSERT_TRUE(first->Begin());
  EXPECT_EQ(*first->Finish(Key(1, "s", "k"), "p", {"late", {}}, {}), FinishOutcome::kRevoked);
  ASSERT_TRUE(first->Commit());
  EXPECT_EQ(second->LoadContext("s")->size(), 1u);
}

TEST_F(SqliteStoreTest, IdleSessionsStartEmptyAndAreCleanedUp) {
  auto store = Open();
  Answer(*store, 1, "s", "1");
  now_ += limits_.session_ttl_ms;
  Answer(*store, 2, "s", "2");  // just in time
  EXPECT_EQ(store->LoadContext("s")->size(), 2u);
  now_ += limits_.session_ttl_ms + 1;
  ASSERT_TRUE(store->Begin());
  ASSERT_TRUE(store->CleanUp());
  ASSERT_TRUE(store->Commit());
  EXPECT_TRUE(store->LoadContext("s")->empty());
  Answer(*store, 3, "s", "3");
  now_ += limits_.session_ttl_ms + 1;
  Answer(*store, 4, "s", "4");  // without a clean-up in between
  EXPECT_EQ(store->LoadContext("s")->size(), 1u);
}

TEST_F(SqliteStoreTest, NewerSchemaIsRefused) {
  Open();
  {
    SqliteDb db;
    ASSERT_TRUE(db.Open(dir_ + "/state.db", 1000));
    ASSERT_TRUE(db.Run("PRAGMA user_version=99"));
  }
  const auto store = SqliteStore::Open(dir_, limits_, [] { return 0; });
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("newer"), std::string::npos);
}

}  // namespace
}  // namespace refhost
