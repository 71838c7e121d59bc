// The stock of a small shop.
#include <map>
#include <string>

#define CHECKED(value) ((value) ? (value) : throw Missing{})

namespace shop {

using Cents = long;
template <typename T> using Box = std::vector<T>;
typedef unsigned int Count;

constexpr int kLimit = 1'000;
extern Count deliveries;

enum class Colour : char { Red, Green };

/// Anything that has a price.
class Priced {
public:
    virtual ~Priced() = default;
    /// The price in cents.
    virtual Cents price() const = 0;
    virtual void print(std::ostream& out) const;

protected:
    Cents cents_ = 0;
    static int count;
};

/** An article in the stock. */
template <typename Key, int Size = 4>
class Article final : public Priced {
public:
    explicit Article(Key key) : key_(std::move(key)) {}
    Article(const Article&) = delete;
    ~Article() override { release(key_); }

    Cents price() const override { return cents_ * 2; }
    bool operator==(const Article& other) const { return key_ == other.key_; }
    Article& operator+=(int more)
    {
        cents_ += more;
        return *this;
    }
    operator bool() const { return !key_.empty(); }

    struct Place {
        int shelf, row;
    };
    friend void swap(Article& a, Article& b) { a.key_.swap(b.key_); }

    template <typename Visitor>
    void visit(Visitor&& visitor)
    {
        visitor(*this);
    }

private:
    Key key_;
};

union Value {
    int whole;
    double part;
};

template <typename T>
concept Named = requires(T a) { a.name(); };

namespace detail {
inline std::string trimmed(const std::string& text) { return text.substr(1); }
}  // namespace detail

// Adds up prices.
template <typename T>
T sum(const std::vector<T>& prices)
{
    T all{};
    for (const auto& price : prices) all += price;
    return all;
}

template <>
int sum<int>(const std::vector<int>& prices);

}  // namespace shop

namespace shop::orders {
struct Order {
    int number;
    bool open() const { return number != 0; }
};
}  // namespace shop::orders

/* Prints the price. */
void shop::Priced::print(std::ostream& out) const
{
    out << "costs " << price() << R"(cents)" << '\n';
}

int shop::Priced::count = 0;

template <typename Key>
Article<Key>::Article(Key key, int size) try : key_(key)
{
    resize(size);
} catch (...) {
}

Stock::Stock(int size) : size_(size) {}
Stock::~Stock() { clear(); }
Stock& Stock::operator=(const Stock& other) { return *this; }
Stock::operator int() const { return size_; }
auto Stock::largest() const -> const Item* { return nullptr; }
Item& Stock::operator[](int place) { return items_[place]; }

bool operator<(const Item& a, const Item& b) { return a.price < b.price; }
std::ostream& operator<<(std::ostream& out, const Item& item) { return out << item.price; }
long double operator"" _eur(long double euros) { return euros * 100; }

const auto by_price = [](const Item& a, const Item& b) { return a.price < b.price; };

extern "C" {
/* Called from C. */
int stock_open(const char* path) { return path != nullptr; }
void stock_close(int stock);
}

extern "C" void stock_reset() { shop::deliveries = 0; }

TEST(StockTest, AddsWhatArrives)
{
    Stock stock(3);
    EXPECT_EQ(stock.size(), 3);
}

TEST_CASE("an empty stock has no largest item") {
    REQUIRE(Stock(0).largest() == nullptr);
}
