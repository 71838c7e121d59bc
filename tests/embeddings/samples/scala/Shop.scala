/* A small shop. */
package shop.stock

import scala.collection.mutable

/** What can be sold. */
trait Sold[A] extends Product {
  /** The price in cents. */
  def price: Long
  val unit: String = "piece"
  type Key <: AnyRef
  def sell(count: Int): Unit
  def label: String = s"$price cents"
}

/** An article. */
@deprecated("use Item", "2")
class Article[A](val key: A, stock: Int = 0)(implicit ord: Ordering[A]) extends Sold[A] {
  type Key = String
  private val others = mutable.Buffer.empty[A]
  var place, shelf = 1_000

  def this(key: A, place: String) = {
    this(key)
  }

  override def price: Long = stock * 2L

  /** Sells some of it. */
  @throws[IllegalStateException]
  def sell(count: Int): Unit = {
    def rest(sold: Int) = stock - sold
    println(rest(count))
  }

  def +(other: Article[A]): Article[A] = new Article(key, stock + 1)

  def `old name`(): Unit = ()

  def apply[B](x: A => B): B = x match {
    case null => throw new Error("none")
    case f => f(key)
  }

  def procedure() { println('c') }
}

/** Articles by name. */
object Article {
  val Empty = new Article("")
  lazy val all: Map[String, Int] = Map.empty

  implicit class Shouting(val text: String) extends AnyVal {
    def shout: String = text.toUpperCase + "!"
  }

  implicit def asText(article: Article[_]): String = """an "article""""

  val doubled = (cents: Long) => cents * 2
}

case class Point(x: Int, y: Int)

sealed abstract class Answer
case object Yes extends Answer
case class No(why: String) extends Answer

package object prices {
  type Cents = Long
}

enum Colour(val code: Int):
  case Red extends Colour(1)
  case Green, Blue

  def mixed: Colour = Colour.Red

// Orders of prices.
given priceOrder: Ordering[Long] with
  def compare(a: Long, b: Long): Int =
    if a < b then -1
    else 1

given Ordering[Point] = Ordering.by(_.x)

extension (text: String)
  /** The first word. */
  def firstWord: String = text.takeWhile(_ != ' ')
  def words(n: Int): Seq[String] = text.split(" ").toSeq

extension (n: Int) def twice: Int = n * 2

opaque type Name = String

/** Adds up prices. */
def total(prices: Long*): Long = prices.sum

inline def checked[T](inline value: T): T = ${ checkedImpl('value) }

class ShopTest extends AnyFunSuite {
  test("an empty shop sells nothing") {
    assert(total() == 0x0)
  }
}
