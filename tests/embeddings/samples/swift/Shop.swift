// A small shop.
import Foundation

/// The largest number of articles.
let limit = 1_000
public private(set) var opened = false, closed = true

typealias Cents = Int

/// What can be sold.
public protocol Sold: AnyObject {
    associatedtype Key
    /// The price in cents.
    var price: Cents { get }
    init(key: Key)
    /// Sells some of it.
    func sell(_ count: Int) throws
    static func == (a: Self, b: Self) -> Bool
    subscript(place: Int) -> Key { get }
}

enum Colour: String, CaseIterable {
    case red, green
    case mixed = "mixed"

    var isMixed: Bool { self == .mixed }
}

indirect enum Answer {
    case yes
    case no(why: String, then: Answer)
}

/**
 An article.
 */
@objc
open class Article<Key: Hashable>: Sold {
    static let none = "none"
    private var stock: Int = 0
    weak var shelf: Shelf?

    /// The price in cents.
    var price: Cents {
        return stock * 2
    }

    var title: String {
        get { name.trimmed }
        set { name = newValue }
    }

    var place = 0 {
        didSet { moved(from: oldValue) }
    }

    lazy var label: String = { "\(title) costs \(price)" }()

    required public init(key: Key) {
        self.key = key
    }

    convenience init?(named name: String) {
        return nil
    }

    deinit {
        release()
    }

    subscript(place: Int) -> Key {
        get { keys[place] }
        set { keys[place] = newValue }
    }

    /// Sells some of it.
    @discardableResult
    func sell(_ count: Int) throws -> Int {
        func rest(_ sold: Int) -> Int { stock - sold }
        guard count > 0 else { throw Failure.empty }
        stock = rest(count)
        return stock
    }

    class func empty() -> Article { Article(key: 0) }

    struct Place {
        let row: Int
    }
}

struct Point: Equatable {
    var x = 0.0, y = 0.5

    mutating func move(by other: Point) {
        x += other.x
    }

    static func + (a: Point, b: Point) -> Point {
        Point(x: a.x + b.x)
    }
}

/// Words.
extension String {
    /// The first word.
    var firstWord: String { split(separator: " ").first ?? "" }

    func shout() -> String {
        uppercased() + "!"
    }
}

extension Article: CustomStringConvertible where Key == Int {
    var description: String { #"an "article""# }
}

infix operator <+>: AdditionPrecedence

func <+> (a: Cents, b: Cents) -> Cents { a + b }

actor Ledger {
    func record(_ cents: Cents) async {
        sales.append(cents)
    }
}

// Adds up prices.
@inlinable
func total<T: Sequence>(of prices: T) -> Cents where T.Element == Cents {
    #if DEBUG
    print("adding")
    #endif
    return prices.reduce(0, +)
}

let byPrice = { (a: Cents, b: Cents) -> Bool in a < b }

@main
struct Shop {
    static func main() {
        if let first = open()?.first, !opened { print(first) }
    }
}

@Test("an empty shop sells nothing")
func emptyShop() {
    #expect(total(of: []) == 0)
}
