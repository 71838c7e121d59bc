/* A small shop. */
@file:JvmName("Shops")

package shop.stock

import kotlin.math.max

/** The largest number of articles. */
const val LIMIT = 1_000
private val names: Map<String, Int> by lazy { mapOf("a" to 1) }
var opened = false
    private set

typealias Cents = Long

/** What can be sold. */
interface Sold {
    /** The price in cents. */
    val price: Cents
    fun sell(count: Int)
    fun label(): String = "$price cents"
}

enum class Colour(val code: Int) {
    RED(1) {
        override fun mix() = GREEN
    },
    GREEN(2);

    abstract fun mix(): Colour
}

/**
 * An article.
 *
 * @param key names it
 */
@Serializable
open class Article<T : Any>(val key: T, private var stock: Int = 0) : Sold {
    private val others = mutableListOf<T>()
    lateinit var place: String

    override val price: Cents
        get() = stock * 2L

    var title: String = ""
        get() = field.trim()
        set(value) {
            field = value
        }

    init {
        require(stock >= 0) { "no stock of ${key}" }
    }

    constructor(key: T, place: String) : this(key) {
        this.place = place
    }

    /** Sells some of it. */
    @Throws(IllegalStateException::class)
    override fun sell(count: Int) {
        fun rest(sold: Int) = stock - sold
        stock = rest(count)
    }

    operator fun plus(other: Article<T>) = Article(key, stock + other.stock)

    companion object {
        const val NONE = 'n'

        fun empty() = Article("none")
    }

    inner class Shelf
}

data class Point(val x: Int, val y: Int)

sealed class Answer {
    object Yes : Answer()
    data class No(val why: String) : Answer()
}

@JvmInline
value class Name(val text: String)

annotation class Checked

fun interface Visitor {
    fun visit(article: Article<*>)
}

/** Everything that was sold. */
object Ledger {
    private val sales = ArrayList<Cents>()

    fun record(cents: Cents) {
        sales += cents
    }
}

// Says it loudly.
fun String.shout(): String = uppercase() + "!"

suspend inline fun <reified T> List<T?>.firstPresent(crossinline test: (T) -> Boolean): T? {
    return filterNotNull().firstOrNull { test(it) }
}

val String.lastWord: String
    get() = substringAfterLast(' ')

val doubled = { price: Cents -> price * 2 }

val tripled = fun(price: Cents): Cents { return price * 3 }

@Test
fun `an empty shop sells nothing`() {
    assertEquals(0, max(0, 0x1F))
}
